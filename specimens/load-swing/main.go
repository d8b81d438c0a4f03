// Load-swing serves a load that swings: nine times as many requests at its height as at its depth, each with a
// buffer while it lasts, and the heap follows. It also forgets a log record of each request. The twin does not.
package main

import (
	"math"
	"runtime"
	"time"

	"example.org/specimens/internal/stage"
)

const (
	swing        = 0.8 // of the mean rate, up and down
	period       = 12 * time.Second
	lasts        = time.Second // a request
	requestBytes = 128 << 10
	recordBytes  = 16 << 10
)

func main() {
	run := stage.Open(100, "`REQUESTS` per second in the mean")
	var records [][]byte
	began, due, ready := time.Now(), 0.0, false
	run.Pace(run.Rate, func() {
		since := time.Since(began)
		if !ready && since > 2*period { // each height has then been reached twice
			ready = true
			run.Ready()
		}
		due += 1 + swing*math.Sin(2*math.Pi*since.Seconds()/period.Seconds())
		for ; due >= 1; due-- {
			go serve()
			if ready && !run.Twin {
				records = append(records, record())
			}
		}
	})
}

// serve holds its buffer for as long as the request lasts.
func serve() {
	buffer := touched(requestBytes)
	time.Sleep(lasts)
	runtime.KeepAlive(buffer)
}

func record() []byte { return touched(recordBytes) }

func touched(bytes int) []byte {
	block := make([]byte, bytes)
	for at := 0; at < len(block); at += 512 {
		block[at] = 1
	}
	return block
}
