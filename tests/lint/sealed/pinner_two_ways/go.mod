module example.com/pinner_two_ways

go 1.22
