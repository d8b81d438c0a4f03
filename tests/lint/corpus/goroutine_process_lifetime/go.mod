module example.com/goroutine_process_lifetime

go 1.24
