package searchfan

import (
	"context"
	"errors"
	"sort"
	"time"
)

// Hit is one document that was found.
type Hit struct {
	Doc   string
	Score float64
	Shard string
}

// Shard is a part of the index.
type Shard interface {
	Name() string
	Search(query string, limit int) ([]Hit, error)
}

// Index asks all its shards.
type Index struct {
	shards  []Shard
	timeout time.Duration
}

// NewIndex makes an index over shards.
func NewIndex(timeout time.Duration, shards ...Shard) *Index {
	return &Index{shards: shards, timeout: timeout}
}

// ErrPartial says that some shards did not answer in time.
var ErrPartial = errors.New("search: some shards did not answer")

type answer struct {
	hits []Hit
	err  error
}

// Search returns the best hits of all shards.
func (x *Index) Search(ctx context.Context, query string, limit int) ([]Hit, error) {
	ctx, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()

	answers := make(chan answer)
	for _, shard := range x.shards {
		go func() {
			hits, err := shard.Search(query, limit)
			for i := range hits {
				hits[i].Shard = shard.Name()
			}
			answers <- answer{hits: hits, err: err}
		}()
	}

	var all []Hit
	for range x.shards {
		select {
		case a := <-answers:
			if a.err != nil {
				return nil, a.err
			}
			all = append(all, a.hits...)
		case <-ctx.Done():
			return best(all, limit), ErrPartial
		}
	}
	return best(all, limit), nil
}

func best(hits []Hit, limit int) []Hit {
	sort.Slice(hits, func(i, j int) bool { return hits[i].Score > hits[j].Score })
	if len(hits) > limit {
		hits = hits[:limit]
	}
	return hits
}
