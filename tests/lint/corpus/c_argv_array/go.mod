module example.com/c_argv_array

go 1.23
