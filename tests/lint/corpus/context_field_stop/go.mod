module example.com/context_field_stop

go 1.22
