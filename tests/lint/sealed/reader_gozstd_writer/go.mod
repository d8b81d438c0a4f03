module example.com/reader_gozstd_writer

go 1.20

require github.com/valyala/gozstd v1.21.1
