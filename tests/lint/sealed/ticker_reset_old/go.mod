module example.com/ticker_reset_old

go 1.22
