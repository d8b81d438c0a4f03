package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
)

// One client for all bots: connections are kept alive, gzip is left to us.
var client = &http.Client{Transport: &http.Transport{
	MaxIdleConnsPerHost: 256,
	DisableCompression:  true,
}}

// A bot is one worker: it reads every step-th race, beginning with race.
type bot struct {
	server   string
	throttle *throttle
	board    *board
	race     int
	step     int
	warmedUp bool
	page     bytes.Buffer
}

func newBot(server string, throttle *throttle, board *board, first, step int) *bot {
	return &bot{server: server, throttle: throttle, board: board, race: first, step: step}
}

// work reads races for ever. After warmUp pages it calls warm, and from then on heeds the throttle.
func (b *bot) work(warmUp int, warm func()) {
	for count := 1; ; count++ {
		url := fmt.Sprintf("%s/race/%d", b.server, b.race)
		page, took, err := b.throttle.timedResponse(b, url)
		if err == nil {
			var odds []float64
			odds, err = raceOdds(page)
			b.board.save(b.race, odds)
		}
		if err != nil && !errors.Is(err, errCancelled) {
			logf("warning", "%s after %v: %v", url, took, err)
		}
		b.race += b.step
		if count == warmUp {
			b.warmedUp = true
			warm()
		}
	}
}

// request is the page behind url, unpacked. It is good until the next request.
func (b *bot) request(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", response.Status)
	}
	unpacked, err := gzip.NewReader(response.Body)
	if err != nil {
		return nil, err
	}
	defer unpacked.Close()
	b.page.Reset()
	_, err = b.page.ReadFrom(unpacked)
	return b.page.Bytes(), err
}
