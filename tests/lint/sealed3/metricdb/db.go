package metricdb

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// DB stores samples with statements that are prepared once.
type DB struct {
	sql    *sql.DB
	insert *sql.Stmt
	span   *sql.Stmt
}

// Open prepares what is needed.
func Open(pool *sql.DB) (*DB, error) {
	insert, err := pool.Prepare("INSERT INTO samples (series, at, value) VALUES (?, ?, ?)")
	if err != nil {
		return nil, err
	}
	span, err := pool.Prepare("SELECT at, value FROM samples WHERE series = ? AND at BETWEEN ? AND ?")
	if err != nil {
		insert.Close()
		return nil, err
	}
	return &DB{sql: pool, insert: insert, span: span}, nil
}

// Close gives everything back.
func (d *DB) Close() error {
	return errors.Join(d.insert.Close(), d.span.Close(), d.sql.Close())
}

// Add writes one sample.
func (d *DB) Add(ctx context.Context, series string, at time.Time, value float64) error {
	_, err := d.insert.ExecContext(ctx, series, at.UnixMilli(), value)
	return err
}

// Cursor walks over samples.
type Cursor struct {
	rows *sql.Rows
	err  error
}

// Span returns a cursor over the samples of a series.
func (d *DB) Span(ctx context.Context, series string, from, to time.Time) (*Cursor, error) {
	rows, err := d.span.QueryContext(ctx, series, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, err
	}
	return &Cursor{rows: rows}, nil
}

// Next returns the next sample.
func (c *Cursor) Next() (at time.Time, value float64, ok bool) {
	if c.err != nil || !c.rows.Next() {
		return at, value, false
	}
	var ms int64
	if c.err = c.rows.Scan(&ms, &value); c.err != nil {
		return at, value, false
	}
	return time.UnixMilli(ms), value, true
}

// Close ends the walk and says what went wrong in it.
func (c *Cursor) Close() error {
	return errors.Join(c.err, c.rows.Err(), c.rows.Close())
}

// Mean returns the mean of the series in the span.
func (d *DB) Mean(ctx context.Context, series string, from, to time.Time) (mean float64, err error) {
	c, err := d.Span(ctx, series, from, to)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	var n float64
	for {
		_, v, ok := c.Next()
		if !ok {
			break
		}
		n++
		mean += (v - mean) / n
	}
	if n == 0 {
		return 0, sql.ErrNoRows
	}
	return mean, nil
}
