package consumer

import (
	"context"
	"database/sql"
	"log"
)

type Task struct {
	ID      int64
	Account string
}

// Run works on tasks until the channel is closed.
func Run(ctx context.Context, db *sql.DB, tasks <-chan Task) {
	for t := range tasks {
		rows, err := db.QueryContext(ctx, "SELECT amount FROM moves WHERE account = $1", t.Account)
		if err != nil {
			log.Print(err)
			continue
		}
		defer rows.Close()
		var total int64
		for rows.Next() {
			var n int64
			if err := rows.Scan(&n); err != nil {
				log.Print(err)
				break
			}
			total += n
		}
		log.Println(t.ID, total)
	}
}
