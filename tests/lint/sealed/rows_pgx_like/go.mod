module example.com/rows_pgx_like

go 1.24
