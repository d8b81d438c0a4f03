module example.com/pinner_error_return

go 1.24
