module example.com/slice_pool_grown

go 1.22
