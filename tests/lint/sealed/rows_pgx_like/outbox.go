package outbox

import (
	"context"
	"database/sql"
	"errors"
)

type Event struct {
	ID   int64
	Body []byte
}

// Next gives the first events that fit into a batch.
func Next(ctx context.Context, tx *sql.Tx, most int) ([]Event, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, body FROM outbox ORDER BY id FOR UPDATE SKIP LOCKED`)
	if err != nil {
		return nil, err
	}
	var out []Event
	size := 0
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.Body); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if size += len(e.Body); size > most {
			break
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
