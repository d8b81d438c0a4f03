module example.com/slice_small_lines

go 1.24
