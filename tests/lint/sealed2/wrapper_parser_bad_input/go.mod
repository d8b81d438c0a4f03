module example.com/wrapper_parser_bad_input

go 1.22
