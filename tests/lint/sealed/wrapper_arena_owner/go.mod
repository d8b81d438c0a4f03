module example.com/wrapper_arena_owner

go 1.22
