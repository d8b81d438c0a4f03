module example.com/after_window_old

go 1.18
