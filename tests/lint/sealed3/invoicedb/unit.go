package invoicedb

import (
	"context"
	"database/sql"
	"fmt"
)

// unit is the work of one request.
type unit struct {
	ctx context.Context
	tx  *sql.Tx
}

func (l *Ledger) begin(ctx context.Context) (*unit, error) {
	tx, err := l.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	return &unit{ctx: ctx, tx: tx}, nil
}

func (u *unit) balance(account string) (cents int64, err error) {
	row := u.tx.QueryRowContext(u.ctx, "SELECT cents FROM accounts WHERE id = $1 FOR UPDATE", account)
	err = row.Scan(&cents)
	return cents, err
}

func (u *unit) move(account string, cents int64) error {
	_, err := u.tx.ExecContext(u.ctx, "UPDATE accounts SET cents = cents + $1 WHERE id = $2", cents, account)
	return err
}

func (u *unit) commit() error { return u.tx.Commit() }

func (u *unit) abort(cause error) error {
	if err := u.tx.Rollback(); err != nil {
		return fmt.Errorf("%w (rollback: %v)", cause, err)
	}
	return cause
}
