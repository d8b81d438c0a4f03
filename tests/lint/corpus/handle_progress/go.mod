module example.com/handle_progress

go 1.23
