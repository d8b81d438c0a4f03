module example.com/goroutine_timeout_send

go 1.22
