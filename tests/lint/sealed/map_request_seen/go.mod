module example.com/map_request_seen

go 1.22
