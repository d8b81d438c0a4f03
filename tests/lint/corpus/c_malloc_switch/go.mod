module example.com/c_malloc_switch

go 1.20
