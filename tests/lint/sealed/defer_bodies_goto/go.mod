module example.com/defer_bodies_goto

go 1.20
