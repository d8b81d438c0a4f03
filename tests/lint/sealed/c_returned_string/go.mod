module example.com/c_returned_string

go 1.23
