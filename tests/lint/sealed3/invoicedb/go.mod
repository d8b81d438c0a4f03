module example.com/invoicedb

go 1.24
