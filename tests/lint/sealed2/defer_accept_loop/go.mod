module example.com/defer_accept_loop

go 1.21
