module example.com/wrapper_pool_reuse

go 1.23

require gocv.io/x/gocv v0.39.0
