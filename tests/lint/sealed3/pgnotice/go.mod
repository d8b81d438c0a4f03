module example.com/pgnotice

go 1.23
