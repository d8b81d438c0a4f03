module example.com/slice_pool_capped

go 1.21
