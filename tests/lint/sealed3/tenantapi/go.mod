module example.com/tenantapi

go 1.24
