module example.com/body_returned_stream

go 1.24
