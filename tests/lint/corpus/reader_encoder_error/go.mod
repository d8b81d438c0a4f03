module example.com/reader_encoder_error

go 1.23

require github.com/klauspost/compress v1.17.9
