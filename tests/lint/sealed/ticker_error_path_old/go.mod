module example.com/ticker_error_path_old

go 1.22
