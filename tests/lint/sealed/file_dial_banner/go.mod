module example.com/file_dial_banner

go 1.22
