module example.com/pinner_goroutine_async

go 1.22
