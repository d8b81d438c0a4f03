// Package containers exports what a container engine says on its socket.
package containers

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

type Container struct {
	ID     string `json:"Id"`
	Image  string
	Status string
}

type Exporter struct {
	Socket  string
	Timeout time.Duration
}

func (e *Exporter) call(ctx context.Context, path string, into any) error {
	client := &http.Client{
		Timeout: e.Timeout,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "unix", e.Socket)
			},
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine"+path, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("containers: %s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// ServeHTTP answers a scrape.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var list []Container
	if err := e.call(r.Context(), "/containers/json?all=1", &list); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	byStatus := map[string]int{}
	for _, c := range list {
		byStatus[c.Status]++
	}
	for status, n := range byStatus {
		fmt.Fprintf(w, "containers{status=%q} %d\n", status, n)
	}
}
