module example.com/body_drain_helper

go 1.22
