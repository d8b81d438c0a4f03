module layers

go 1.21
