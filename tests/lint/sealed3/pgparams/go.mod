module example.com/pgparams

go 1.23
