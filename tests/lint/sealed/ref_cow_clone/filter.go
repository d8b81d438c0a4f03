package filter

import (
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
)

var ErrRange = errors.New("filter: range")

// Head sends the first n rows on; the consumer copies what it needs.
func Head(rec arrow.Record, n int64, emit func(arrow.Record) error) error {
	if n < 0 {
		return ErrRange
	}
	if n >= rec.NumRows() {
		return emit(rec)
	}
	part := rec.NewSlice(0, n)
	if err := emit(part); err != nil {
		return err
	}
	part.Release()
	return nil
}
