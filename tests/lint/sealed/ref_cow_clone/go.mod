module example.com/ref_cow_clone

go 1.24

require github.com/apache/arrow-go/v18 v18.1.0
