module example.com/context_switch_return

go 1.24
