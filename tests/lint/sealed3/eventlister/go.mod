module example.com/eventlister

go 1.24
