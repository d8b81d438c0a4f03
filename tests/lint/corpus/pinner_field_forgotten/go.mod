module example.com/pinner_field_forgotten

go 1.23
