module example.com/finalizer_only_buffer

go 1.22
