module example.com/client_clone_handler

go 1.24
