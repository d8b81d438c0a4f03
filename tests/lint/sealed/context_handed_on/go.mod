module example.com/context_handed_on

go 1.21
