module example.com/c_loop_continue

go 1.22
