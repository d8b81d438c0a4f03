module example.com/goroutine_worker_pool

go 1.22
