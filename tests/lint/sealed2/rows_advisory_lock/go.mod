module example.com/rows_advisory_lock

go 1.22
