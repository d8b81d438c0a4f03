package tenantapi

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"time"
)

// Usage is what one tenant uses.
type Usage struct {
	Tenant string
	Pods   int `json:"pods"`
	Nodes  int `json:"nodes"`
}

// Poller asks every tenant from time to time.
type Poller struct {
	Tenants  func() []*Tenant
	Interval time.Duration
	Report   func(Usage)
}

// Run polls until ctx is done.
func (p *Poller) Run(ctx context.Context) {
	ticker := time.NewTicker(p.Interval)
	defer ticker.Stop()
	for {
		for _, t := range p.Tenants() {
			u, err := p.usage(ctx, t)
			if err != nil {
				log.Printf("tenant %s: %v", t.Name, err)
				continue
			}
			p.Report(u)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (p *Poller) usage(ctx context.Context, t *Tenant) (Usage, error) {
	u := Usage{Tenant: t.Name}
	rt, err := roundTripper(t)
	if err != nil {
		return u, err
	}
	client := http.Client{Transport: rt, Timeout: 15 * time.Second}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.Server+"/usage", nil)
	if err != nil {
		return u, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return u, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return u, fmt.Errorf("usage: %s", resp.Status)
	}
	err = json.NewDecoder(resp.Body).Decode(&u)
	return u, err
}
