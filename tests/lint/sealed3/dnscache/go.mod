module example.com/dnscache

go 1.22
