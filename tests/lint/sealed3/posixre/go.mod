module example.com/posixre

go 1.22
