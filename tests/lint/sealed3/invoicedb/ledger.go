package invoicedb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrFunds is returned when an account has too little.
var ErrFunds = errors.New("not enough funds")

// Ledger moves money between accounts.
type Ledger struct {
	db *sql.DB
}

// Open wraps db.
func Open(db *sql.DB) *Ledger { return &Ledger{db: db} }

// Transfer moves cents.
func (l *Ledger) Transfer(from, to string, cents int64) error {
	u, err := l.begin(context.Background())
	if err != nil {
		return err
	}
	have, err := u.balance(from)
	if err != nil {
		return u.abort(err)
	}
	if have < cents {
		return fmt.Errorf("transfer from %s: %w", from, ErrFunds)
	}
	if err := u.move(from, -cents); err != nil {
		return u.abort(err)
	}
	if err := u.move(to, cents); err != nil {
		return u.abort(err)
	}
	return u.commit()
}

// Deposit adds cents to an account.
func (l *Ledger) Deposit(account string, cents int64) error {
	u, err := l.begin(context.Background())
	if err != nil {
		return err
	}
	if err := u.move(account, cents); err != nil {
		return u.abort(err)
	}
	return u.commit()
}
