module example.com/map_bounded_cache

go 1.21
