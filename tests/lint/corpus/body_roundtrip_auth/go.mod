module example.com/body_roundtrip_auth

go 1.23
