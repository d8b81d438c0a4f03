package blobs

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

type Store struct {
	endpoint string
	client   *http.Client
}

type sized struct {
	io.ReadCloser
	size int64
}

// Open gives the blob; the caller closes it.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, int64, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", s.endpoint+"/"+key, nil)
	if err != nil {
		return nil, 0, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		b := &sized{ReadCloser: resp.Body, size: resp.ContentLength}
		return b, b.size, nil
	case http.StatusNotFound:
		resp.Body.Close()
		return nil, 0, fmt.Errorf("%s: no such blob", key)
	default:
		resp.Body.Close()
		return nil, 0, fmt.Errorf("%s: %s", key, resp.Status)
	}
}

// Size opens the blob only for its length.
func (s *Store) Size(ctx context.Context, key string) (int64, error) {
	r, n, err := s.Open(ctx, key)
	if err != nil {
		return 0, err
	}
	return n, r.Close()
}
