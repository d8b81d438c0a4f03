module example.com/pinner_vector_short

go 1.21
