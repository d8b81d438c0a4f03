module example.com/goroutine_closed_elsewhere

go 1.20
