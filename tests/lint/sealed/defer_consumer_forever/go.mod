module example.com/defer_consumer_forever

go 1.24
