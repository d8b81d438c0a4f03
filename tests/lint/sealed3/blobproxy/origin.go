package blobproxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Blob is an object on its way from the origin.
type Blob struct {
	io.ReadCloser
	Size int64
	Type string
	Tag  string
}

// Origin fetches objects.
type Origin struct {
	Base   string
	Client *http.Client
}

// Get returns the object; whoever asks closes it.
func (o *Origin) Get(ctx context.Context, key, tag string) (*Blob, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.Base+"/"+key, nil)
	if err != nil {
		return nil, err
	}
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	resp, err := o.Client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, statusError(resp.StatusCode)
	}
	return &Blob{
		ReadCloser: resp.Body,
		Size:       resp.ContentLength,
		Type:       resp.Header.Get("Content-Type"),
		Tag:        resp.Header.Get("ETag"),
	}, nil
}

type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("origin answered %d", int(e))
}
