module example.com/wrapper_interface_held

go 1.21
