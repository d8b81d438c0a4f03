module example.com/ticker_tick_wait_old

go 1.19
