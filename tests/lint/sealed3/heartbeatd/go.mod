module example.com/heartbeatd

go 1.22
