module example.com/pinner_vector_released

go 1.22
