// Package leader lets one replica of many do the work.
package leader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

var ErrNotLeader = errors.New("leader: somebody else leads")

type Elector struct {
	db  *sql.DB
	key int64
}

func New(db *sql.DB, key int64) *Elector { return &Elector{db, key} }

// Lead runs work while this replica holds the lock of the database.
func (e *Elector) Lead(ctx context.Context, work func(context.Context) error) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("leader: %w", err)
	}
	var got bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", e.key).Scan(&got); err != nil {
		conn.Close()
		return err
	}
	if !got {
		return ErrNotLeader
	}
	defer conn.Close()
	defer func() {
		unlock, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = conn.ExecContext(unlock, "SELECT pg_advisory_unlock($1)", e.key)
	}()
	return work(ctx)
}
