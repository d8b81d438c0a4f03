module example.com/idempotency

go 1.24
