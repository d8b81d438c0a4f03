module example.com/ticker_field_stop_old

go 1.20
