module example.com/reader_sync_decoder

go 1.23

require github.com/klauspost/compress v1.17.9
