module example.com/body_decoded_by_do

go 1.22
