module example.com/file_scan_early

go 1.23
