module example.com/crashindex

go 1.24
