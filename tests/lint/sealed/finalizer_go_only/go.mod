module example.com/finalizer_go_only

go 1.24
