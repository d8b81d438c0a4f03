module example.com/map_interval_swapped

go 1.21
