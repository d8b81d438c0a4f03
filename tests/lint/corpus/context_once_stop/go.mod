module example.com/context_once_stop

go 1.20
