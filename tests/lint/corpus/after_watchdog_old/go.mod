module example.com/after_watchdog_old

go 1.21
