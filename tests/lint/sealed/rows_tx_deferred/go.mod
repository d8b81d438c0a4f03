module example.com/rows_tx_deferred

go 1.24
