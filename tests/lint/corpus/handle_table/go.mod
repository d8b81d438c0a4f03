module example.com/handle_table

go 1.20
