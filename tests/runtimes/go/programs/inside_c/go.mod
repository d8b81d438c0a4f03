module inside_c

go 1.19
