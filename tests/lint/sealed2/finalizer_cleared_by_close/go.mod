module example.com/finalizer_cleared_by_close

go 1.21
