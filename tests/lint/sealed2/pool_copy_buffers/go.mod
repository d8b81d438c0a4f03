module example.com/pool_copy_buffers

go 1.22
