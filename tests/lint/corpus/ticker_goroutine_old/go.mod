module example.com/ticker_goroutine_old

go 1.20
