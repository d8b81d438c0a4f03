module example.com/handle_closure_deleted

go 1.22
