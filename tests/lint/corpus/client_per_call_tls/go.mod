module example.com/client_per_call_tls

go 1.22
