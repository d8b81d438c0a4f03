module example.com/client_handler_factory

go 1.23
