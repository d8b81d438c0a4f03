module example.com/wrapper_own_never_freed

go 1.22
