module example.com/jsonrender

go 1.23
