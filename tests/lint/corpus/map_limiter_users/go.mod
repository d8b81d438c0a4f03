module example.com/map_limiter_users

go 1.20
