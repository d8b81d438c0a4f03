module example.com/body_decode_generic

go 1.24
