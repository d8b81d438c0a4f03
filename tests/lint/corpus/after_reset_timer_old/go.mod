module example.com/after_reset_timer_old

go 1.21
