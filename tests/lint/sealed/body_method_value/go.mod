module example.com/body_method_value

go 1.21
