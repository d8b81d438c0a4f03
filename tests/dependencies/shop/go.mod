module example.org/shop

go 1.22

require (
	github.com/example/pure v1.0.0
	github.com/mattn/go-sqlite3 v1.14.24
)

replace github.com/example/pure => github.com/example/fork v1.0.1
