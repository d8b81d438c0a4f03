module example.com/reader_codec_switch

go 1.22

require github.com/klauspost/compress v1.17.9
