package longpoll

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Source follows a server-sent stream and connects again when it breaks.
type Source struct {
	url    string
	client *http.Client

	mu     sync.Mutex
	body   io.ReadCloser
	lines  *bufio.Scanner
	lastID string
}

// NewSource makes a source; nothing is sent before the first Next.
func NewSource(url string, client *http.Client) *Source {
	return &Source{url: url, client: client}
}

func (s *Source) connect(ctx context.Context) error {
	s.hangUp()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	if s.lastID != "" {
		req.Header.Set("Last-Event-ID", s.lastID)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	s.body = resp.Body
	if ct := resp.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/event-stream") {
		s.hangUp()
		return fmt.Errorf("longpoll: content type %q", ct)
	}
	s.lines = bufio.NewScanner(s.body)
	return nil
}

func (s *Source) hangUp() {
	if s.body != nil {
		s.body.Close()
		s.body, s.lines = nil, nil
	}
}

// Next returns the data of the next event.
func (s *Source) Next(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.lines == nil {
			if err := s.connect(ctx); err != nil {
				return "", err
			}
		}
		for s.lines.Scan() {
			switch field, value, _ := strings.Cut(s.lines.Text(), ": "); field {
			case "id":
				s.lastID = value
			case "data":
				return value, nil
			}
		}
		err := s.lines.Err()
		s.hangUp()
		if ctx.Err() != nil {
			return "", errors.Join(err, ctx.Err())
		}
	}
}

// Stop ends the stream.
func (s *Source) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp()
}
