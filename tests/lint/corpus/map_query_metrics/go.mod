module example.com/map_query_metrics

go 1.23
