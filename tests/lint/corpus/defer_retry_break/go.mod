module example.com/defer_retry_break

go 1.20
