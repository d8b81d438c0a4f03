module example.com/reader_klauspost_peek

go 1.22

require github.com/klauspost/compress v1.17.9
