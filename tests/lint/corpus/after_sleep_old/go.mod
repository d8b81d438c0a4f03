module example.com/after_sleep_old

go 1.19
