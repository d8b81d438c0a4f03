module example.com/ipguard

go 1.23
