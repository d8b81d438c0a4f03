module example.com/bzwriter

go 1.22
