module example.com/map_registry

go 1.20
