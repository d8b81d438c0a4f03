module example.com/watchhub

go 1.24
