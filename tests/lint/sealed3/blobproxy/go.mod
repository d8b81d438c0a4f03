module example.com/blobproxy

go 1.23
