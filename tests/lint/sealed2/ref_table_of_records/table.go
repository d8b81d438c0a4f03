// Package query gathers the batches of an answer.
package query

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

type Executor interface {
	Query(ctx context.Context, sql string) (array.RecordReader, error)
}

// Table gives the whole answer as one table, which the caller releases.
func Table(ctx context.Context, ex Executor, sql string) (arrow.Table, error) {
	reader, err := ex.Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	defer reader.Release()
	var records []arrow.Record
	for reader.Next() {
		record := reader.Record()
		record.Retain()
		records = append(records, record)
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	return array.NewTableFromRecords(reader.Schema(), records), nil
}
