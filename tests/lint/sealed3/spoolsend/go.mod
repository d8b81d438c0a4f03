module example.com/spoolsend

go 1.24
