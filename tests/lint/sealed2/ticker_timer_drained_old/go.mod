module example.com/ticker_timer_drained_old

go 1.19
