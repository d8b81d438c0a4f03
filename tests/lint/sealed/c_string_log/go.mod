module example.com/c_string_log

go 1.22
