module example.com/packcache

go 1.21
