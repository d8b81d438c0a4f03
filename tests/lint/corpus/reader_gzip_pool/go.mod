module example.com/reader_gzip_pool

go 1.23
