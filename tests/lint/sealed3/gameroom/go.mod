module example.com/gameroom

go 1.23
