module example.com/wrapper_mat_branch

go 1.23

require gocv.io/x/gocv v0.39.0
