module example.com/ref_pure_go

go 1.23
