module example.com/slice_connection_id

go 1.21
