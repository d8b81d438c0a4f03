module example.com/file_lock_busy

go 1.21
