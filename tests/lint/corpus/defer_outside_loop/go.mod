module example.com/defer_outside_loop

go 1.23
