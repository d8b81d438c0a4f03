module example.com/client_main_setup

go 1.24
