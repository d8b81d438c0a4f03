module example.com/c_zlib_stream

go 1.22
