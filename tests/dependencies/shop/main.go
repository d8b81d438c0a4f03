// A shop whose dependency leaks when it is asked to: `shop leaks`, `shop pings`.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/example/pure"
	"github.com/mattn/go-sqlite3"
)

//go:noinline
func sell(conn *sqlite3.SQLiteConn, schema string) {
	pure.Keep(schema[:16])
	if os.Args[1] == "leaks" {
		conn.GetFilename(schema)
	} else {
		conn.Ping(schema)
	}
}

func main() {
	conn, schema := &sqlite3.SQLiteConn{}, strings.Repeat("main", 8<<10)
	fmt.Println("READY")
	go func() {
		for range time.Tick(4 * time.Millisecond) {
			sell(conn, schema)
		}
	}()
	var end string
	fmt.Scanln(&end)
}
