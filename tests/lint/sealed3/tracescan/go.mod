module example.com/tracescan

go 1.22
