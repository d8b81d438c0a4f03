module example.com/ticker_per_stream_old

go 1.21
