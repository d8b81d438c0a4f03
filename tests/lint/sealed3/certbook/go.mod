module example.com/certbook

go 1.23
