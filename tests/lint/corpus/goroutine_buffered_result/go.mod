module example.com/goroutine_buffered_result

go 1.22
