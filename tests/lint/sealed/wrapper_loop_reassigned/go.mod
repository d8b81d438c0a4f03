module example.com/wrapper_loop_reassigned

go 1.24
