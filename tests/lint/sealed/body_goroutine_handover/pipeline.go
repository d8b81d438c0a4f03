package pipeline

import (
	"context"
	"io"
	"net/http"
	"sync"
)

type Sink interface {
	Write(url string, data []byte) error
}

type Fetcher struct {
	client  *http.Client
	answers chan *http.Response
	sink    Sink
	wg      sync.WaitGroup
}

func NewFetcher(c *http.Client, s Sink) *Fetcher {
	f := &Fetcher{client: c, sink: s, answers: make(chan *http.Response, 8)}
	f.wg.Add(1)
	go f.consume()
	return f
}

func (f *Fetcher) consume() {
	defer f.wg.Done()
	for resp := range f.answers {
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil {
			_ = f.sink.Write(resp.Request.URL.String(), data)
		}
	}
}

func (f *Fetcher) Fetch(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return err
	}
	f.answers <- resp
	return nil
}

func (f *Fetcher) Close() {
	close(f.answers)
	f.wg.Wait()
}
