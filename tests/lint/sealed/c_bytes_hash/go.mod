module example.com/c_bytes_hash

go 1.24
