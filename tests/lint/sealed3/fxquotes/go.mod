module example.com/fxquotes

go 1.23
