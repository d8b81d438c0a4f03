module example.com/agentsock

go 1.24
