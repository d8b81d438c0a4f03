module example.com/searchfan

go 1.23
