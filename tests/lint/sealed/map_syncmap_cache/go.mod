module example.com/map_syncmap_cache

go 1.21
