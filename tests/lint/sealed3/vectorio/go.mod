module example.com/vectorio

go 1.22
