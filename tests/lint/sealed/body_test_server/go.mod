module example.com/body_test_server

go 1.22
