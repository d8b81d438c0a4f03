module example.com/reader_body_through_gzip

go 1.23
