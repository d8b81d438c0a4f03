module example.com/loadedlibs

go 1.22
