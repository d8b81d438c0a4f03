module example.com/handle_each_event

go 1.24
