module example.com/grow_recent_errors

go 1.22
