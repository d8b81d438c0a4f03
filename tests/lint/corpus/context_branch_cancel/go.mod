module example.com/context_branch_cancel

go 1.23
