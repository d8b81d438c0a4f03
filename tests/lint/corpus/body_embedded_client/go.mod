module example.com/body_embedded_client

go 1.23
