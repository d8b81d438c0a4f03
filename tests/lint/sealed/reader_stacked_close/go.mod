module example.com/reader_stacked_close

go 1.21

require github.com/DataDog/zstd v1.5.6
