// Package probe checks addresses one by one, each with its own settings.
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

type Target struct {
	URL        string
	ServerName string
	Roots      *x509.CertPool
	Address    string
}

type Result struct {
	Status  int
	Expires time.Time
	Took    time.Duration
}

var ErrNoTLS = errors.New("probe: no TLS")

// Certificate asks once and tells when the certificate runs out.
func Certificate(ctx context.Context, t Target) (*Result, error) {
	tr := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: t.Roots, ServerName: t.ServerName},
		DisableKeepAlives: true,
	}
	client := &http.Client{Transport: tr, Timeout: 10 * time.Second}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, t.URL, nil)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	if resp.TLS == nil {
		return nil, ErrNoTLS
	}
	return &Result{resp.StatusCode, resp.TLS.PeerCertificates[0].NotAfter, time.Since(start)}, nil
}

// Pinned asks an address directly, whatever the name resolves to.
func Pinned(ctx context.Context, t Target, rounds int) (best time.Duration, err error) {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, t.Address)
	}
	defer tr.CloseIdleConnections()
	client := http.Client{Transport: tr}
	for range rounds {
		start := time.Now()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL, nil)
		if err != nil {
			return 0, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}
