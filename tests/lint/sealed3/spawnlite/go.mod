module example.com/spawnlite

go 1.23
