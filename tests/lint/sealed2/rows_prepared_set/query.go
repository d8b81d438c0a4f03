package books

import "context"

type Author struct {
	ID   int64
	Name string
}

func (q *Queries) GetAuthor(ctx context.Context, id int64) (Author, error) {
	row := q.getAuthorStmt.QueryRowContext(ctx, id)
	var a Author
	err := row.Scan(&a.ID, &a.Name)
	return a, err
}

func (q *Queries) ListAuthors(ctx context.Context) ([]Author, error) {
	rows, err := q.listAuthorsStmt.QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	var items []Author
	for rows.Next() {
		var a Author
		if err := rows.Scan(&a.ID, &a.Name); err != nil {
			rows.Close()
			return nil, err
		}
		items = append(items, a)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	return items, rows.Err()
}
