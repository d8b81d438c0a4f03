module example.com/goroutine_wait_group

go 1.24
