package prices

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

func newClient(proxy *url.URL) *http.Client {
	return &http.Client{
		Timeout:   15 * time.Second,
		Transport: &http.Transport{Proxy: http.ProxyURL(proxy), MaxIdleConns: 4},
	}
}

type Quote struct {
	Symbol string
	Cents  int64
}

// Poll asks for the prices until stop is closed.
func Poll(stop <-chan struct{}, proxy *url.URL, u string, each func(Quote)) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return
		case <-t.C:
		}
		client := newClient(proxy)
		resp, err := client.Get(u)
		if err != nil {
			continue
		}
		var quotes []Quote
		err = json.NewDecoder(resp.Body).Decode(&quotes)
		resp.Body.Close()
		if err != nil {
			continue
		}
		for _, q := range quotes {
			each(q)
		}
	}
}
