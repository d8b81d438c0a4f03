package eventlister

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Event is one line of the feed.
type Event struct {
	Seq  uint64          `json:"seq"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// Stream reads events of one answer one by one.
type Stream struct {
	resp *http.Response
	dec  *json.Decoder
	last uint64
}

// Open starts reading the feed after seq.
func Open(ctx context.Context, hc *http.Client, feed string, seq uint64) (*Stream, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s?after=%d", feed, seq), nil)
	if err != nil {
		return nil, err
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
		resp.Body.Close()
		return nil, fmt.Errorf("feed: %s", resp.Status)
	}
	return &Stream{resp: resp, dec: json.NewDecoder(resp.Body), last: seq}, nil
}

// Next returns the next event, io.EOF at the end.
func (s *Stream) Next() (*Event, error) {
	var e Event
	if err := s.dec.Decode(&e); err != nil {
		return nil, err
	}
	s.last = e.Seq
	return &e, nil
}

// Close ends the stream.
func (s *Stream) Close() error {
	return s.resp.Body.Close()
}
