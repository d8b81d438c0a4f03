// Package meter counts what an HTTP client transfers.
package meter

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

type Transport struct {
	Next     http.RoundTripper
	Requests atomic.Int64
	Bytes    atomic.Int64
	Nanos    atomic.Int64
}

type countingBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.Next.RoundTrip(req)
	t.Requests.Add(1)
	t.Nanos.Add(time.Since(start).Nanoseconds())
	if err != nil {
		return nil, err
	}
	resp.Body = &countingBody{resp.Body, &t.Bytes}
	return resp, nil
}

func drain(resp *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	_ = resp.Body.Close()
}

// Healthy asks whether the service answers at all.
func Healthy(c *http.Client, url string) error {
	resp, err := c.Get(url)
	if err != nil {
		return err
	}
	defer drain(resp)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("meter: %s: %s", url, resp.Status)
	}
	return nil
}
