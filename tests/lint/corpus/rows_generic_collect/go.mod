module example.com/rows_generic_collect

go 1.22
