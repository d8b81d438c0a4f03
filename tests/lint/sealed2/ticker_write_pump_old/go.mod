module example.com/ticker_write_pump_old

go 1.20
