module example.com/goroutine_generator_done

go 1.21
