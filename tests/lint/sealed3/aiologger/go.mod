module example.com/aiologger

go 1.23
