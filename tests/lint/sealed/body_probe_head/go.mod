module example.com/body_probe_head

go 1.21
