module example.com/context_loop_message

go 1.21
