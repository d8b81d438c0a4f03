module example.com/reader_content_encoding

go 1.22

require github.com/klauspost/compress v1.17.9
