module example.com/after_idle_stream_old

go 1.20
