module example.com/c_sqlite_open

go 1.21
