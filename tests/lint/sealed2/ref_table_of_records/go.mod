module example.com/ref_table_of_records

go 1.23

require github.com/apache/arrow-go/v18 v18.1.0
