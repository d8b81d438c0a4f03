module example.com/mtlspool

go 1.23
