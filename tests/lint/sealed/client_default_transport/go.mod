module example.com/client_default_transport

go 1.22
