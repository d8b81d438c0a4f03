module example.com/kvclient

go 1.23
