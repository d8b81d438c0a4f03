module example.com/rows_scan_error

go 1.22
