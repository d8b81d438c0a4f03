module example.com/body_weather_status

go 1.22
