module example.com/finalizer_backstop

go 1.22
