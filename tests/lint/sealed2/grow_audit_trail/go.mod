module example.com/grow_audit_trail

go 1.21
