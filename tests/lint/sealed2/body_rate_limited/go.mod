module example.com/body_rate_limited

go 1.22
