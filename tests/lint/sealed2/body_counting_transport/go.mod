module example.com/body_counting_transport

go 1.21
