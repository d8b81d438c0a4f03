// Package books is the data access of a library.
package books

import (
	"context"
	"database/sql"
	"fmt"
)

type DBTX interface {
	PrepareContext(context.Context, string) (*sql.Stmt, error)
}

const (
	getAuthor   = `SELECT id, name FROM authors WHERE id = $1`
	listAuthors = `SELECT id, name FROM authors ORDER BY name`
)

type Queries struct {
	db              DBTX
	getAuthorStmt   *sql.Stmt
	listAuthorsStmt *sql.Stmt
}

func Prepare(ctx context.Context, db DBTX) (*Queries, error) {
	q := Queries{db: db}
	var err error
	if q.getAuthorStmt, err = db.PrepareContext(ctx, getAuthor); err != nil {
		return nil, fmt.Errorf("error preparing query getAuthor: %w", err)
	}
	if q.listAuthorsStmt, err = db.PrepareContext(ctx, listAuthors); err != nil {
		_ = q.Close()
		return nil, fmt.Errorf("error preparing query listAuthors: %w", err)
	}
	return &q, nil
}

func (q *Queries) Close() error {
	var err error
	if q.getAuthorStmt != nil {
		if cerr := q.getAuthorStmt.Close(); cerr != nil {
			err = fmt.Errorf("error closing getAuthorStmt: %w", cerr)
		}
	}
	if q.listAuthorsStmt != nil {
		if cerr := q.listAuthorsStmt.Close(); cerr != nil {
			err = fmt.Errorf("error closing listAuthorsStmt: %w", cerr)
		}
	}
	return err
}
