module example.com/c_freed_every_way

go 1.22
