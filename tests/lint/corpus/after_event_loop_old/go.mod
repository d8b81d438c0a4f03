module example.com/after_event_loop_old

go 1.20
