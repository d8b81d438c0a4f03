package main

import (
	"fmt"
	"time"

	"example.com/ticker_field_stop_old/sampler"
)

func main() {
	s := sampler.Start(time.Second, func(t time.Time) { fmt.Println(t) })
	defer s.Stop()
	report := time.NewTicker(time.Minute)
	for range report.C {
		fmt.Println("still here")
	}
}
