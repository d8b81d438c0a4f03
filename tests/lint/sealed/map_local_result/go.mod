module example.com/map_local_result

go 1.23
