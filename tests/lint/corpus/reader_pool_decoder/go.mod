module example.com/reader_pool_decoder

go 1.22

require github.com/klauspost/compress v1.17.9
