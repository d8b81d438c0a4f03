module example.com/goroutine_ticker_range

go 1.23
