module example.com/slice_passing_views

go 1.22
