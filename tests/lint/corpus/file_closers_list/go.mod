module example.com/file_closers_list

go 1.20
