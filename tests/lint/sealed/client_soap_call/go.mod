module example.com/client_soap_call

go 1.20
