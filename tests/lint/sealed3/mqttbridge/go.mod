module example.com/mqttbridge

go 1.22
