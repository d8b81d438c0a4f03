package ledger

import (
	"database/sql"
	"fmt"
)

type Entry struct {
	Account string
	Cents   int64
}

// Append writes entries; the statement lives on the server until it is closed.
func Append(db *sql.DB, entries []Entry) error {
	stmt, err := db.Prepare("INSERT INTO ledger(account, cents) VALUES ($1, $2)")
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	for _, e := range entries {
		if _, err := stmt.Exec(e.Account, e.Cents); err != nil {
			return fmt.Errorf("append %s: %w", e.Account, err)
		}
	}
	return nil
}

func Sum(db *sql.DB, account string) (cents int64, err error) {
	stmt, err := db.Prepare("SELECT sum(cents) FROM ledger WHERE account = $1")
	if err != nil {
		return 0, err
	}
	defer func() { _ = stmt.Close() }()
	err = stmt.QueryRow(account).Scan(&cents)
	return cents, err
}
