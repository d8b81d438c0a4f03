module example.com/after_once_per_call_old

go 1.20
