module example.com/c_string_error_path

go 1.21
