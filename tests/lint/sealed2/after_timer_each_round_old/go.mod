module example.com/after_timer_each_round_old

go 1.20
