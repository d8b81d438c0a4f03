module example.com/file_listener_field

go 1.23
