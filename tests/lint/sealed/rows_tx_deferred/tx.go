package billing

import (
	"context"
	"database/sql"
	"fmt"
)

func within(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			_ = tx.Rollback()
			panic(p)
		}
		if err != nil {
			_ = tx.Rollback()
			return
		}
		err = tx.Commit()
	}()
	return do(tx)
}

func Invoice(ctx context.Context, db *sql.DB, customer string, cents int64) (id int64, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	if err := tx.QueryRow("INSERT INTO invoices(customer, cents) VALUES ($1, $2) RETURNING id", customer, cents).Scan(&id); err != nil {
		return 0, fmt.Errorf("invoice: %w", err)
	}
	return id, tx.Commit()
}

func Cancel(ctx context.Context, db *sql.DB, id int64) error {
	return within(ctx, db, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM invoices WHERE id = $1", id)
		return err
	})
}
