module example.com/file_stdin_choice

go 1.22
