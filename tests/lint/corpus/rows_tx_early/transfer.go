package bank

import (
	"context"
	"database/sql"
	"errors"
)

var ErrFunds = errors.New("bank: not enough")

// Transfer moves cents between accounts.
func Transfer(ctx context.Context, db *sql.DB, from, to string, cents int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	var have int64
	if err := tx.QueryRowContext(ctx, "SELECT cents FROM accounts WHERE id = $1", from).Scan(&have); err != nil {
		tx.Rollback()
		return err
	}
	if have < cents {
		return ErrFunds
	}
	if _, err := tx.ExecContext(ctx, "UPDATE accounts SET cents = cents - $1 WHERE id = $2", cents, from); err != nil {
		tx.Rollback()
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE accounts SET cents = cents + $1 WHERE id = $2", cents, to); err != nil {
		tx.Rollback()
		return err
	}
	return tx.Commit()
}
