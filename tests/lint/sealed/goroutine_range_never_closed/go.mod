module example.com/goroutine_range_never_closed

go 1.21
