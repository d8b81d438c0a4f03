module example.com/ref_c_object

go 1.21
