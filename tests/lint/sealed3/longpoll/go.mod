module example.com/longpoll

go 1.24
