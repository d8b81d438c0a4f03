package tenantapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"time"
)

// Tenant says how to talk to one tenant's cluster.
type Tenant struct {
	Name   string
	Server string
	CA     []byte
	Cert   tls.Certificate
}

var errCA = errors.New("tenant has no usable certificate authority")

func roundTripper(t *Tenant) (http.RoundTripper, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(t.CA) {
		return nil, errCA
	}
	return &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs:      roots,
			Certificates: []tls.Certificate{t.Cert},
			MinVersion:   tls.VersionTLS12,
		},
		MaxIdleConnsPerHost: 4,
		TLSHandshakeTimeout: 5 * time.Second,
	}, nil
}
