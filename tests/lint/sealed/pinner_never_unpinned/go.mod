module example.com/pinner_never_unpinned

go 1.22
