module example.com/reqmetrics

go 1.24
