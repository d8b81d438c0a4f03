module example.com/file_temp_abandoned

go 1.24
