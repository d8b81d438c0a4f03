module example.com/c_argument_inline

go 1.20
