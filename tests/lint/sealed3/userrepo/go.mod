module example.com/userrepo

go 1.23
