module example.com/handle_destroyed_by_c

go 1.21
