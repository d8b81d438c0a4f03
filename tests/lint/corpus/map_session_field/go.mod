module example.com/map_session_field

go 1.24
