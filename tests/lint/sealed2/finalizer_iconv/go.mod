module example.com/finalizer_iconv

go 1.21
