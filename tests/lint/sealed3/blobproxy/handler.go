package blobproxy

import (
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
)

// Handler serves what the origin has.
type Handler struct {
	Origin *Origin
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/")
	blob, err := h.Origin.Get(r.Context(), key, r.Header.Get("If-None-Match"))
	if err != nil {
		h.fail(w, err)
		return
	}
	defer func() {
		if err := blob.Close(); err != nil {
			log.Printf("close %s: %v", key, err)
		}
	}()
	w.Header().Set("Content-Type", blob.Type)
	w.Header().Set("ETag", blob.Tag)
	if blob.Size >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(blob.Size, 10))
	}
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, blob); err != nil {
		log.Printf("copy %s: %v", key, err)
	}
}

func (h *Handler) fail(w http.ResponseWriter, err error) {
	var status statusError
	if errors.As(err, &status) {
		w.WriteHeader(int(status))
		return
	}
	http.Error(w, "origin is not reachable", http.StatusBadGateway)
}
