module example.com/ref_iterator_next

go 1.24

require github.com/apache/arrow-go/v18 v18.1.0
