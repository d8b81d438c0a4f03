package jsonrender

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
)

// Document is one row of an export.
type Document map[string]json.RawMessage

// Query finds documents; a limit of zero is no limit.
type Query func(ctx context.Context, collection string, limit int) ([]Document, error)

// API serves single documents as well as exports of whole collections.
type API struct {
	Query Query
}

func write(w http.ResponseWriter, v any) error {
	e := borrow()
	defer e.giveBack()
	if err := e.enc.Encode(v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(e.buf.Len()))
	_, err := w.Write(e.buf.Bytes())
	return err
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, limit int) {
	docs, err := a.Query(r.Context(), r.PathValue("collection"), limit)
	if err == nil {
		err = write(w, docs)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// Page serves the first documents of a collection.
func (a *API) Page(w http.ResponseWriter, r *http.Request) {
	a.answer(w, r, 20)
}

// Export serves all of a collection.
func (a *API) Export(w http.ResponseWriter, r *http.Request) {
	a.answer(w, r, 0)
}
