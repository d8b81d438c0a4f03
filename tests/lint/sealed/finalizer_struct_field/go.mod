module example.com/finalizer_struct_field

go 1.23
