// Package shop has one fault for each linter that memwhy asks.
package shop

import (
	"context"
	"io"
	"net/http"
	"os"
	"time"
)

// Status forgets the body.
func Status(url string) (int, error) {
	response, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, nil
}

// Load forgets cancel on one way.
func Load(parent context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(parent, time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		cancel()
		return "", err
	}
	defer cancel()
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

// Poll makes a ticker that nothing can stop, and leaves.
func Poll(stop <-chan struct{}, look func()) {
	for {
		select {
		case <-time.Tick(time.Second):
			look()
		case <-stop:
			return
		}
	}
}

// Watch never comes to its defers.
func Watch(names <-chan string, read func(io.Reader)) {
	for name := range names {
		file, err := os.Open(name)
		if err != nil {
			continue
		}
		defer file.Close()
		read(file)
	}
}
