module example.com/feedimport

go 1.22
