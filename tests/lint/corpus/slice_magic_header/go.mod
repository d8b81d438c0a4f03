module example.com/slice_magic_header

go 1.22
