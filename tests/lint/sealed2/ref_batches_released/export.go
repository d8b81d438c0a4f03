// Package export copies answers into another format.
package export

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var ErrEmpty = errors.New("export: no rows")

type Sink interface {
	Table(ctx context.Context, t arrow.Table) error
	Record(ctx context.Context, r arrow.Record) error
}

// All sends everything that the reader has as one table.
func All(ctx context.Context, reader array.RecordReader, to Sink) error {
	var records []arrow.Record
	defer func() {
		for _, r := range records {
			r.Release()
		}
	}()
	for reader.Next() {
		r := reader.Record()
		r.Retain()
		records = append(records, r)
	}
	if err := reader.Err(); err != nil {
		return err
	}
	if len(records) == 0 {
		return ErrEmpty
	}
	table := array.NewTableFromRecords(reader.Schema(), records)
	defer table.Release()
	return to.Table(ctx, table)
}

// Values sends numbers as a batch.
func Values(ctx context.Context, mem memory.Allocator, schema *arrow.Schema, values []float64, to Sink) error {
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	column := b.Field(0).(*array.Float64Builder)
	for _, v := range values {
		column.Append(v)
	}
	r := b.NewRecord()
	defer r.Release()
	return to.Record(ctx, r)
}
