module example.com/after_new_go

go 1.23
