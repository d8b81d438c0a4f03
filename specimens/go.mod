module example.org/specimens

go 1.24
