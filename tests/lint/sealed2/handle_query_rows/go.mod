module example.com/handle_query_rows

go 1.21
