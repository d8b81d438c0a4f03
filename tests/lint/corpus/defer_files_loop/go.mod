module example.com/defer_files_loop

go 1.22
