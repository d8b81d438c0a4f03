module example.com/ticker_new_go

go 1.23
