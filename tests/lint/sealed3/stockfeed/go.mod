module example.com/stockfeed

go 1.24
