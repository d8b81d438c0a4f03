package userrepo

import (
	"context"
	"database/sql"
	"errors"
)

// User is somebody with an account.
type User struct {
	ID    int64
	Mail  string
	Roles []string
}

// Repo reads and writes users.
type Repo struct {
	db *sql.DB
}

// New makes a repo over db.
func New(db *sql.DB) *Repo { return &Repo{db: db} }

func readUser(s scanner) (*User, error) {
	u := new(User)
	return u, s.Scan(&u.ID, &u.Mail)
}

func readRole(s scanner) (role string, err error) {
	err = s.Scan(&role)
	return role, err
}

// All returns every user with the roles.
func (r *Repo) All(ctx context.Context) ([]*User, error) {
	rows, err := r.db.QueryContext(ctx, "SELECT id, mail FROM users ORDER BY id")
	if err != nil {
		return nil, err
	}
	users, err := collect(rows, readUser)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if u.Roles, err = r.roles(ctx, u.ID); err != nil {
			return nil, err
		}
	}
	return users, nil
}

func (r *Repo) roles(ctx context.Context, id int64) ([]string, error) {
	rows, err := r.db.QueryContext(ctx, "SELECT role FROM roles WHERE user_id = ?", id)
	if err != nil {
		return nil, err
	}
	return collect(rows, readRole)
}

func (r *Repo) atomically(ctx context.Context, work func(*sql.Tx) error) (err error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			tx.Rollback()
			panic(p)
		}
		if err != nil {
			err = errors.Join(err, tx.Rollback())
			return
		}
		err = tx.Commit()
	}()
	return work(tx)
}

// Grant replaces the roles of a user.
func (r *Repo) Grant(ctx context.Context, id int64, roles []string) error {
	return r.atomically(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM roles WHERE user_id = ?", id); err != nil {
			return err
		}
		add, err := tx.PrepareContext(ctx, "INSERT INTO roles (user_id, role) VALUES (?, ?)")
		if err != nil {
			return err
		}
		for _, role := range roles {
			if _, err := add.ExecContext(ctx, id, role); err != nil {
				return err
			}
		}
		return nil
	})
}
