package auditstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Entry is one thing that somebody did.
type Entry struct {
	ID     int64
	Actor  string
	Action string
	Object string
	At     time.Time
}

// Filter narrows a search.
type Filter struct {
	Actor  string
	Action string
	Since  time.Time
	Limit  int
}

// Store keeps entries in a database.
type Store struct {
	db *sql.DB
}

// New makes a store over db.
func New(db *sql.DB) *Store { return &Store{db: db} }

func (f Filter) where() (string, []any) {
	var (
		parts []string
		args  []any
	)
	if f.Actor != "" {
		parts, args = append(parts, "actor = ?"), append(args, f.Actor)
	}
	if f.Action != "" {
		parts, args = append(parts, "action = ?"), append(args, f.Action)
	}
	parts, args = append(parts, "at >= ?"), append(args, f.Since.Unix())
	return strings.Join(parts, " AND "), args
}

// Search returns the entries that the filter lets through.
func (s *Store) Search(f Filter) ([]Entry, error) {
	cond, args := f.where()
	rows, err := s.db.Query("SELECT id, actor, action, object, at FROM audit WHERE "+cond, args...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	var out []Entry
	for rows.Next() {
		var (
			e  Entry
			at int64
		)
		if err := rows.Scan(&e.ID, &e.Actor, &e.Action, &e.Object, &at); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		e.At = time.Unix(at, 0)
		out = append(out, e)
		if f.Limit > 0 && len(out) == f.Limit {
			return out, nil
		}
	}
	rows.Close()
	return out, rows.Err()
}

// Append writes entries.
func (s *Store) Append(ctx context.Context, entries ...Entry) error {
	stmt, err := s.db.PrepareContext(ctx, "INSERT INTO audit (actor, action, object, at) VALUES (?, ?, ?, ?)")
	if err != nil {
		return fmt.Errorf("append: %w", err)
	}
	for _, e := range entries {
		if _, err := stmt.ExecContext(ctx, e.Actor, e.Action, e.Object, e.At.Unix()); err != nil {
			return fmt.Errorf("append: %w", err)
		}
	}
	return nil
}

// Count returns how many entries there are.
func (s *Store) Count(ctx context.Context) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM audit").Scan(&n)
	return n, err
}
