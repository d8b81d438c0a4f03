module example.com/segstore

go 1.24
