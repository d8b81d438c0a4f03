module example.com/metricdb

go 1.22
