package eventlister

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// ErrNone is returned when no event matches.
var ErrNone = errors.New("no such event")

// Lookup answers questions about the feed.
type Lookup struct {
	Feed   string
	Client *http.Client
}

// First returns the first event of the kind after seq.
func (l *Lookup) First(ctx context.Context, kind string, seq uint64) (*Event, error) {
	s, err := Open(ctx, l.Client, l.Feed, seq)
	if err != nil {
		return nil, err
	}
	for {
		e, err := s.Next()
		if errors.Is(err, io.EOF) {
			return nil, ErrNone
		}
		if err != nil {
			return nil, err
		}
		if e.Kind == kind {
			return e, nil
		}
	}
}

// Count returns how many events of each kind there are after seq.
func (l *Lookup) Count(ctx context.Context, seq uint64) (map[string]int, error) {
	s, err := Open(ctx, l.Client, l.Feed, seq)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	kinds := map[string]int{}
	for {
		e, err := s.Next()
		if errors.Is(err, io.EOF) {
			return kinds, nil
		}
		if err != nil {
			return nil, err
		}
		kinds[e.Kind]++
	}
}
