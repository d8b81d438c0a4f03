module example.com/client_probe_closed

go 1.22
