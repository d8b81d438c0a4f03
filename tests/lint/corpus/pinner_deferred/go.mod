module example.com/pinner_deferred

go 1.21
