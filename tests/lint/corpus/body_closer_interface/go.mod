module example.com/body_closer_interface

go 1.19
