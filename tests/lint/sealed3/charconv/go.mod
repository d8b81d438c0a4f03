module example.com/charconv

go 1.24
