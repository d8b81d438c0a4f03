module example.com/rows_tx_early

go 1.22
