module example.com/rows_exists_first

go 1.21
