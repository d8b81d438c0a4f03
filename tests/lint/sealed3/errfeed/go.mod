module example.com/errfeed

go 1.24
