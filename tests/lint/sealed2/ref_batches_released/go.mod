module example.com/ref_batches_released

go 1.23

require github.com/apache/arrow-go/v18 v18.1.0
