module example.com/pool_request_copy

go 1.22
