package metrics

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

type Sample struct {
	Value float64
}

type Writer interface {
	Write(arrow.Record) error
}

// Flush writes the samples as one batch.
func Flush(mem memory.Allocator, schema *arrow.Schema, samples []Sample, w Writer) error {
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	values := b.Field(0).(*array.Float64Builder)
	for _, s := range samples {
		values.Append(s.Value)
	}
	rec := b.NewRecord()
	return w.Write(rec)
}

func FlushAll(mem memory.Allocator, schema *arrow.Schema, parts [][]Sample, w Writer) error {
	for _, p := range parts {
		if err := Flush(mem, schema, p, w); err != nil {
			return err
		}
	}
	return nil
}
