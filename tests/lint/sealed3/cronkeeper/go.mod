module example.com/cronkeeper

go 1.22
