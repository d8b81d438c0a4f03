package orders

import (
	"context"
	"database/sql"
)

type Repo struct {
	find   *sql.Stmt
	insert *sql.Stmt
}

func Open(ctx context.Context, db *sql.DB) (*Repo, error) {
	find, err := db.PrepareContext(ctx, "SELECT total FROM orders WHERE id = $1")
	if err != nil {
		return nil, err
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO orders(id, total) VALUES ($1, $2)")
	if err != nil {
		find.Close()
		return nil, err
	}
	return &Repo{find: find, insert: insert}, nil
}

func (r *Repo) Total(ctx context.Context, id string) (cents int64, err error) {
	err = r.find.QueryRowContext(ctx, id).Scan(&cents)
	return cents, err
}

func (r *Repo) Add(ctx context.Context, id string, cents int64) error {
	_, err := r.insert.ExecContext(ctx, id, cents)
	return err
}

func (r *Repo) Close() error {
	err := r.find.Close()
	if e := r.insert.Close(); err == nil {
		err = e
	}
	return err
}
