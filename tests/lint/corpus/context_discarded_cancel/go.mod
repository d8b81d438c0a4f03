module example.com/context_discarded_cancel

go 1.22
