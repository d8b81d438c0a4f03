module example.com/map_topic_subscribers

go 1.23
