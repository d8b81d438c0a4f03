package store

import (
	"context"
	"database/sql"
)

type Tags struct{ *sql.DB }

func (t Tags) All(ctx context.Context) ([]string, error) {
	rows, err := t.QueryContext(ctx, "SELECT name FROM tags ORDER BY name")
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r *sql.Rows) (s string, err error) {
		err = r.Scan(&s)
		return s, err
	})
}

func (t Tags) Counts(ctx context.Context) ([]int, error) {
	rows, err := t.QueryContext(ctx, "SELECT count(*) FROM uses GROUP BY tag")
	if err != nil {
		return nil, err
	}
	return collect[int](rows, scanInt)
}

func scanInt(r *sql.Rows) (n int, err error) { return n, r.Scan(&n) }
