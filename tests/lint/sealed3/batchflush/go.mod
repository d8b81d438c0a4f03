module example.com/batchflush

go 1.20
