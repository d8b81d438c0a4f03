// Package ingest takes in compressed log lines.
package ingest

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"

	"github.com/klauspost/compress/zstd"
)

var blocks, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0))

type zstdBody struct {
	dec *zstd.Decoder
}

func (z zstdBody) Read(p []byte) (int, error) { return z.dec.Read(p) }

func (z zstdBody) Close() error {
	z.dec.Close()
	return nil
}

func decoded(r *http.Request) (io.ReadCloser, error) {
	switch enc := r.Header.Get("Content-Encoding"); enc {
	case "", "identity":
		return r.Body, nil
	case "gzip":
		return gzip.NewReader(r.Body)
	case "zstd":
		dec, err := zstd.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		return zstdBody{dec}, nil
	default:
		return nil, fmt.Errorf("ingest: encoding %q", enc)
	}
}

// Lines is a handler that gives each line of a request to sink.
func Lines(sink func(string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := decoded(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnsupportedMediaType)
			return
		}
		defer body.Close()
		lines := bufio.NewScanner(body)
		for lines.Scan() {
			sink(lines.Text())
		}
		if err := lines.Err(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

func Block(data []byte) ([]byte, error) { return blocks.DecodeAll(data, nil) }
