module example.com/body_select_cancelled

go 1.22
