module example.com/c_free_given_back

go 1.21
