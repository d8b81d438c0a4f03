module example.com/c_kept_in_field

go 1.21
