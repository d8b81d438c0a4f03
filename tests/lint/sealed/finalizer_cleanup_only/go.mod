module example.com/finalizer_cleanup_only

go 1.24
