module example.com/thumbqueue

go 1.23
