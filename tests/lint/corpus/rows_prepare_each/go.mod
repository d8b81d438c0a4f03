module example.com/rows_prepare_each

go 1.23
