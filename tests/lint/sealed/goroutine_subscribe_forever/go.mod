module example.com/goroutine_subscribe_forever

go 1.24
