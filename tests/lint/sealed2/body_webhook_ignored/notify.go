// Package notify tells a chat about deployments.
package notify

import (
	"bytes"
	"encoding/json"
	"log"
	"net/http"
	"time"
)

type message struct {
	Text    string `json:"text"`
	Channel string `json:"channel,omitempty"`
}

type Hook struct {
	URL     string
	Channel string
	client  *http.Client
	queue   chan string
}

func NewHook(url, channel string) *Hook {
	h := &Hook{
		URL:     url,
		Channel: channel,
		client:  &http.Client{Timeout: 10 * time.Second},
		queue:   make(chan string, 64),
	}
	go h.run()
	return h
}

// Send never blocks: a message that does not fit is dropped.
func (h *Hook) Send(text string) {
	select {
	case h.queue <- text:
	default:
		log.Printf("notify: queue full, dropping %q", text)
	}
}

func (h *Hook) Close() { close(h.queue) }

func (h *Hook) run() {
	for text := range h.queue {
		body, err := json.Marshal(message{Text: text, Channel: h.Channel})
		if err != nil {
			log.Printf("notify: %v", err)
			continue
		}
		if _, err := h.client.Post(h.URL, "application/json", bytes.NewReader(body)); err != nil {
			log.Printf("notify: %v", err)
		}
	}
}
