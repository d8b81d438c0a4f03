// Odds-scraper reads pages of odds from a web server, many at once, and parses them with a C library.
//
// On one path it forgets to free the parsed page (race_leaky.go); built with -tags fixed it does not
// (race_fixed.go). Go's own numbers look the same in both. The C library is libxml2, or with
// -tags ownparser a small parser of our own with the same manners.
package main

import (
	"context"
	"flag"
	"runtime"
	"strings"
	"sync"
	"time"

	"example.org/specimens/internal/stage"
)

const warmUpPages = 50 // by each worker, at full speed

func main() {
	server := flag.String("server", "", "`URL` of odds-server")
	workers := flag.Int("workers", 16, "number of workers")
	logEvery := flag.Duration("log-every", 10*time.Second, "time between two logs of MemStats")
	run := stage.Open(40, "`PAGES` per second, all workers together")
	if *server == "" || *workers < 1 {
		run.Fail("-server URL is needed, and at least 1 worker")
	}

	go logMemory(*logEvery)
	fillArenas(*workers)
	throttle := newThrottle()
	board := newBoard()
	var warm sync.WaitGroup
	for number := range *workers {
		warm.Add(1)
		bot := newBot(strings.TrimSuffix(*server, "/"), throttle, board, number, *workers)
		go bot.work(warmUpPages, warm.Done)
	}
	warm.Wait()
	run.Ready("server="+*server, "parser="+parserName)
	run.Pace(run.Rate, throttle.allow)
}

// fillArenas parses the largest page on as many threads at once as there are workers.
//
// malloc serves each thread from an arena of its own, which stays as large as it once was. Without this
// the innocent twin would grow for a while whenever a thread met its first large page.
func fillArenas(threads int) {
	page := []byte("<html><title>" + expectedTitle + "</title><table>" +
		strings.Repeat("<tr><th>runner</th>"+strings.Repeat("<td>12.34</td>", 24)+"</tr>", 120))
	var all, together sync.WaitGroup
	together.Add(threads)
	for range threads {
		all.Add(1)
		go func() {
			defer all.Done()
			runtime.LockOSThread() // and Unlock: the threads go back to the pool
			defer runtime.UnlockOSThread()
			document, err := readDocument(page)
			together.Done()
			together.Wait()
			if err == nil {
				document.free()
			}
		}()
	}
	all.Wait()
}

// A throttle lets one request through for every allow. Before the first, all pass.
type throttle struct {
	turns chan struct{}
}

func newThrottle() *throttle { return &throttle{turns: make(chan struct{}, 64)} }

func (t *throttle) allow() {
	select {
	case t.turns <- struct{}{}:
	default: // the workers are behind: better late than in a heap
	}
}

func (t *throttle) timedResponse(bot *bot, url string) ([]byte, time.Duration, error) {
	if bot.warmedUp {
		<-t.turns
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	page, err := bot.request(ctx, url)
	return page, time.Since(began), err
}
