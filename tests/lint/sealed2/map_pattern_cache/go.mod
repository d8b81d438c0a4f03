module example.com/map_pattern_cache

go 1.21
