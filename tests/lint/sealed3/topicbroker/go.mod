module example.com/topicbroker

go 1.24
