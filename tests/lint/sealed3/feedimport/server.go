package feedimport

import (
	"context"
	"fmt"
	"net/http"
)

// Catalogue takes products.
type Catalogue interface {
	Put(ctx context.Context, merchant string, p Product) error
}

// Upload takes feeds over HTTP.
type Upload struct {
	Catalogue Catalogue
	MaxBytes  int64
}

func (u *Upload) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := u.store(r.Context(), r.PathValue("merchant"), Parse(http.MaxBytesReader(w, r.Body, u.MaxBytes)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	fmt.Fprintf(w, "%d products\n", n)
}

func (u *Upload) store(ctx context.Context, merchant string, items <-chan Item) (n int, err error) {
	for item := range items {
		if item.Err != nil {
			return n, fmt.Errorf("line %d: %w", item.Line, item.Err)
		}
		if err := u.Catalogue.Put(ctx, merchant, item.Product); err != nil {
			return n, fmt.Errorf("%s: %w", item.SKU, err)
		}
		n++
	}
	return n, nil
}
