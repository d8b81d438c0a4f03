module example.com/ticker_returned_old

go 1.21
