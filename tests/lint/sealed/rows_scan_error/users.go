package users

import (
	"context"
	"database/sql"
)

type User struct {
	ID    int64
	Email string
}

type Repo struct{ db *sql.DB }

func (r *Repo) Active(ctx context.Context) ([]User, error) {
	rows, err := r.db.QueryContext(ctx, "SELECT id, email FROM users WHERE active")
	if err != nil {
		return nil, err
	}
	var out []User
	for rows.Next() {
		var u User
		if err := rows.Scan(&u.ID, &u.Email); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

func (r *Repo) ByID(ctx context.Context, id int64) (u User, err error) {
	err = r.db.QueryRowContext(ctx, "SELECT id, email FROM users WHERE id = $1", id).Scan(&u.ID, &u.Email)
	return u, err
}
