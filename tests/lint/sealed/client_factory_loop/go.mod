module example.com/client_factory_loop

go 1.21
