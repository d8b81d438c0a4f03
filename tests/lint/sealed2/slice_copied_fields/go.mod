module example.com/slice_copied_fields

go 1.21
