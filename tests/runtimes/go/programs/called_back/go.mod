module called_back

go 1.19
