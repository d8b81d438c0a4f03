module example.com/pinner_closure

go 1.23
