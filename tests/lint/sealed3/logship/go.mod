module example.com/logship

go 1.24

require github.com/klauspost/compress v1.17.9
