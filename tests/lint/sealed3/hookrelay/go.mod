module example.com/hookrelay

go 1.23
