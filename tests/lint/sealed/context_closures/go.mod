module example.com/context_closures

go 1.24
