module example.com/spoolfile

go 1.22
