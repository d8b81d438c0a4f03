module example.com/walkhash

go 1.24
