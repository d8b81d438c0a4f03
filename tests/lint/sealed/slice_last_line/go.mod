module example.com/slice_last_line

go 1.21
