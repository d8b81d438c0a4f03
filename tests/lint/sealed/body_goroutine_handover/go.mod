module example.com/body_goroutine_handover

go 1.22
