module example.com/goroutine_first_match

go 1.22
