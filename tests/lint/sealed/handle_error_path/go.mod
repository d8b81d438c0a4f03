module example.com/handle_error_path

go 1.21
