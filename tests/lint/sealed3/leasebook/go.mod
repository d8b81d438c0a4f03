module example.com/leasebook

go 1.24
