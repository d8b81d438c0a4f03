module example.org/incgo

go 1.21
