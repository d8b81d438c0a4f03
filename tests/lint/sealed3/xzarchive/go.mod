module example.com/xzarchive

go 1.24
