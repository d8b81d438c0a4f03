module example.com/c_struct_fields

go 1.24
