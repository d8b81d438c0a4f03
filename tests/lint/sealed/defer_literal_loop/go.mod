module example.com/defer_literal_loop

go 1.21
