package mtlspool

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Peer is one neighbour in the configuration.
type Peer struct {
	Name string
	Cert tls.Certificate
}

// Pool has one client for every peer that is configured.
type Pool struct {
	mu      sync.RWMutex
	clients map[string]*http.Client
}

func dial(p Peer) *http.Client {
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{p.Cert}},
			IdleConnTimeout: time.Minute,
		},
	}
}

// Reload takes a new list of peers in place of the old one.
func (p *Pool) Reload(peers []Peer) {
	fresh := make(map[string]*http.Client, len(peers))
	for _, peer := range peers {
		fresh[peer.Name] = dial(peer)
	}
	p.mu.Lock()
	old := p.clients
	p.clients = fresh
	p.mu.Unlock()
	for _, c := range old {
		c.CloseIdleConnections()
	}
}

// Client returns the client for the peer.
func (p *Pool) Client(name string) (*http.Client, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c, ok := p.clients[name]
	if !ok {
		return nil, fmt.Errorf("peer %q is not configured", name)
	}
	return c, nil
}

// Probe asks a peer once, over a connection of its own.
func Probe(p Peer, url string) (time.Duration, error) {
	tr := &http.Transport{
		TLSClientConfig:   &tls.Config{Certificates: []tls.Certificate{p.Cert}},
		DisableKeepAlives: true,
	}
	c := http.Client{Transport: tr, Timeout: 3 * time.Second}
	start := time.Now()
	resp, err := c.Head(url)
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	return time.Since(start), nil
}
