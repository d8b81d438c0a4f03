// Package httptestutil asks servers in tests.
package httptestutil

import (
	"io"
	"net/http"
	"sync"
	"testing"
)

// Get asks; the body is closed when the test ends.
func Get(t *testing.T, url string) *http.Response {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// Open gives the body's reader and what closes it; closing twice does no harm.
func Open(url string) (io.Reader, func() error, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, nil, err
	}
	var once sync.Once
	var cerr error
	return resp.Body, func() error {
		once.Do(func() { cerr = resp.Body.Close() })
		return cerr
	}, nil
}

// Text reads all of an answer.
func Text(t *testing.T, url string) string {
	r, done, err := Open(url)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
