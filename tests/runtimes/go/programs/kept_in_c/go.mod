module kept_in_c

go 1.19
