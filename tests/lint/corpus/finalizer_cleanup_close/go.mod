module example.com/finalizer_cleanup_close

go 1.24
