module example.com/rows_statement_field

go 1.23
