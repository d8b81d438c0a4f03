module example.com/handle_owned

go 1.23
