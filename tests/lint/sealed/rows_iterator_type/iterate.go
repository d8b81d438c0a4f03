package iterate

import (
	"database/sql"
	"iter"
)

type Iterator struct {
	rows *sql.Rows
	err  error
	name string
}

func Names(db *sql.DB) (*Iterator, error) {
	rows, err := db.Query("SELECT name FROM things")
	if err != nil {
		return nil, err
	}
	return &Iterator{rows: rows}, nil
}

func (it *Iterator) Next() bool {
	if it.err != nil || !it.rows.Next() {
		it.Close()
		return false
	}
	it.err = it.rows.Scan(&it.name)
	return it.err == nil
}

func (it *Iterator) Name() string { return it.name }

func (it *Iterator) Close() error { return it.rows.Close() }

// All gives a sequence; the rows are closed when it ends, however it ends.
func All(db *sql.DB) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		rows, err := db.Query("SELECT name FROM things")
		if err != nil {
			yield("", err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			err := rows.Scan(&name)
			if !yield(name, err) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield("", err)
		}
	}
}
