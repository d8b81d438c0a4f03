module example.com/goroutine_first_error

go 1.23
