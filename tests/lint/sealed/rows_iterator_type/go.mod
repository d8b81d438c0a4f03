module example.com/rows_iterator_type

go 1.23
