module example.com/finalizer_lazy_regex

go 1.21
