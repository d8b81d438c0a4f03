module example.com/defer_loop_returns

go 1.22
