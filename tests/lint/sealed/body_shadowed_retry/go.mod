module example.com/body_shadowed_retry

go 1.24
