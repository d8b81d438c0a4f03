module example.com/goroutine_condition_wait

go 1.22
