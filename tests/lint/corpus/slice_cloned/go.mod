module example.com/slice_cloned

go 1.21
