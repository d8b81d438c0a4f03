module example.com/map_deleted_elsewhere

go 1.22
