module example.com/evpcipher

go 1.24
