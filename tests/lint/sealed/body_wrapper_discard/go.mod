module example.com/body_wrapper_discard

go 1.20
