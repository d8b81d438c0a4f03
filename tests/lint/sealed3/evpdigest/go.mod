module example.com/evpdigest

go 1.23
