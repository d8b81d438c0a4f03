package batches

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

type Window struct {
	schema *arrow.Schema
	rows   int64
}

// Accept looks at a batch that belongs to the caller.
func (w *Window) Accept(rec arrow.Record) error {
	rec.Retain()
	if !rec.Schema().Equal(w.schema) {
		return fmt.Errorf("batches: schema %v", rec.Schema())
	}
	w.rows += rec.NumRows()
	rec.Release()
	return nil
}
