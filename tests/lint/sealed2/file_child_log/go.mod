module example.com/file_child_log

go 1.22
