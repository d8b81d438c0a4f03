package inventory

import (
	"database/sql"
	"errors"
)

var ErrGone = errors.New("inventory: gone")

func Exists(db *sql.DB, sku string) (bool, error) {
	rows, err := db.Query("SELECT 1 FROM items WHERE sku = ?", sku)
	if err != nil {
		return false, err
	}
	return rows.Next(), rows.Err()
}

func Names(db *sql.DB) ([]string, error) {
	rows, err := db.Query("SELECT name FROM items")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, rows.Err()
}
