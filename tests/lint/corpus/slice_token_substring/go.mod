module example.com/slice_token_substring

go 1.23
