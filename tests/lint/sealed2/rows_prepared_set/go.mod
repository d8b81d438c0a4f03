module example.com/rows_prepared_set

go 1.21
