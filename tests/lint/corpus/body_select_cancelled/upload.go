package upload

import (
	"context"
	"errors"
	"io"
	"net/http"
)

type Uploader struct {
	HTTP    *http.Client
	URL     string
	Confirm <-chan bool
}

var ErrRefused = errors.New("upload: refused")

// Put sends r and waits until somebody confirms the answer's etag.
func (u *Uploader) Put(ctx context.Context, r io.Reader) (tag string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, u.URL, r)
	if err != nil {
		return "", err
	}
	resp, err := u.HTTP.Do(req)
	if err != nil {
		return "", err
	}
	select {
	case <-ctx.Done():
		resp.Body.Close()
		return "", ctx.Err()
	case ok := <-u.Confirm:
		if !ok {
			return "", ErrRefused
		}
	}
	tag = resp.Header.Get("ETag")
	_, err = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return tag, err
}
