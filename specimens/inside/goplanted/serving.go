package main

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
)

var (
	resting chan struct{}
	served  = map[string]*Entry{}
)

// serve answers over HTTP from a map of its own, while so many goroutines fill and replace maps of theirs as fast as they can.
func serve(churning string) string {
	for i := 0; i < 1000; i++ {
		served[strconv.Itoa(i)] = &Entry{Name: strconv.Itoa(i), Owner: &User{ID: i}, Body: make([]byte, 200)}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Sprintf(`{"error": %q}`, err.Error())
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := served[r.URL.Path[1:]]
		body := make([]byte, 0, 4096)
		for i := 0; entry != nil && i < 8; i++ {
			body = append(body, entry.Body...)
		}
		w.Write(body)
	}))
	count, _ := strconv.Atoi(churning)
	resting = make(chan struct{})
	for i := 0; i < count; i++ {
		go replace(resting)
	}
	return fmt.Sprintf(`{"address": %q}`, listener.Addr())
}

func replace(resting chan struct{}) {
	own := map[int]*Entry{}
	for i := 0; ; i++ {
		select {
		case <-resting:
			return
		default:
			own[i%50000] = &Entry{Name: "churned", Owner: &User{ID: i}, Body: make([]byte, 200)}
		}
	}
}

// rest ends what serve churns; it answers on.
func rest(string) string {
	close(resting)
	return "{}"
}
