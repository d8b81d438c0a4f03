// Package statsd adds up what arrives as datagrams and gives it on in intervals.
package statsd

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"sync"
	"time"
)

type Aggregator struct {
	mu     sync.Mutex
	counts map[string]int64
	gauges map[string]float64
	seen   map[string]time.Time
}

func New() *Aggregator {
	return &Aggregator{
		counts: make(map[string]int64),
		gauges: make(map[string]float64),
		seen:   make(map[string]time.Time),
	}
}

// Listen reads "name:value|kind" until the connection is closed.
func (a *Aggregator) Listen(conn net.PacketConn) error {
	buf := make([]byte, 8192)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		for _, line := range bytes.Split(buf[:n], []byte("\n")) {
			a.add(from.String(), line)
		}
	}
}

func (a *Aggregator) add(from string, line []byte) {
	name, rest, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return
	}
	text, kind, _ := bytes.Cut(rest, []byte("|"))
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[from] = time.Now()
	switch string(kind) {
	case "c":
		a.counts[string(name)] += int64(value)
	case "g":
		a.gauges[string(name)] = value
	}
}

// Run gives what came together on every interval.
func (a *Aggregator) Run(ctx context.Context, every time.Duration, emit func(map[string]int64, map[string]float64)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			a.mu.Lock()
			counts, gauges := a.counts, a.gauges
			a.counts, a.gauges = make(map[string]int64, len(counts)), make(map[string]float64, len(gauges))
			for from, last := range a.seen {
				if now.Sub(last) > time.Hour {
					delete(a.seen, from)
				}
			}
			a.mu.Unlock()
			emit(counts, gauges)
		}
	}
}
