package hookrelay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Delivery is one event on its way to one subscriber.
type Delivery struct {
	ID     string
	Target string
	Body   []byte
}

// Receipt is what the subscriber said.
type Receipt struct {
	Status int
	Reply  []byte
	Tries  int
}

var transport = &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	ResponseHeaderTimeout: 10 * time.Second,
	IdleConnTimeout:       time.Minute,
	MaxIdleConnsPerHost:   8,
}

// Relay posts deliveries and tries again when the other side is down.
type Relay struct {
	signer   *Signer
	client   *http.Client
	attempts int
	pause    time.Duration
	log      *slog.Logger
}

// NewRelay makes a relay that signs with secret.
func NewRelay(secret []byte, log *slog.Logger) *Relay {
	return &Relay{
		signer:   &Signer{secret: secret},
		client:   &http.Client{Transport: transport},
		attempts: 5,
		pause:    200 * time.Millisecond,
		log:      log,
	}
}

func (r *Relay) post(ctx context.Context, d Delivery) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Target, bytes.NewReader(d.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Event-ID", d.ID)
	req.Header.Set("X-Signature", r.signer.Sign(d.Body))
	return r.client.Do(req)
}

// Deliver posts d until the subscriber takes it.
func (r *Relay) Deliver(ctx context.Context, d Delivery) (*Receipt, error) {
	var (
		resp *http.Response
		err  error
		try  int
	)
	for try = 1; try <= r.attempts; try++ {
		resp, err = r.post(ctx, d)
		if err == nil && resp.StatusCode < 500 {
			break
		}
		r.log.Warn("delivery failed", "id", d.ID, "try", try, "err", err)
		select {
		case <-ctx.Done():
			if resp != nil {
				resp.Body.Close()
			}
			return nil, ctx.Err()
		case <-time.After(r.pause << try):
		}
	}
	if err != nil {
		return nil, fmt.Errorf("deliver %s: %w", d.ID, err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 500 {
		return nil, errors.New("deliver: subscriber is down")
	}
	return &Receipt{Status: resp.StatusCode, Reply: reply, Tries: try}, nil
}
