module example.com/auditstore

go 1.22
