package stockfeed

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Quote is one price as the exchange reports it.
type Quote struct {
	Symbol string    `json:"symbol"`
	Price  float64   `json:"price"`
	At     time.Time `json:"at"`
}

// Client asks the quote service.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New makes a client for the service at base.
func New(base, token string, hc *http.Client) *Client {
	if hc == nil {
		hc = http.DefaultClient
	}
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: hc}
}

func (c *Client) request(ctx context.Context, path string, query url.Values) (*http.Request, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// Quotes returns the last prices of the symbols.
func (c *Client) Quotes(ctx context.Context, symbols ...string) ([]Quote, error) {
	req, err := c.request(ctx, "/v2/quotes", url.Values{"s": {strings.Join(symbols, ",")}})
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("quotes: %w", err)
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		return nil, &LimitError{Retry: resp.Header.Get("Retry-After")}
	}
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("quotes: unexpected status %s", resp.Status)
	}
	defer resp.Body.Close()

	var out struct {
		Data []Quote `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("quotes: decode: %w", err)
	}
	return out.Data, nil
}

// Ping says whether the service answers.
func (c *Client) Ping(ctx context.Context) error {
	req, err := c.request(ctx, "/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("ping: %s", resp.Status)
	}
	return nil
}

// LimitError is what the service says when asked too often.
type LimitError struct {
	Retry string
}

func (e *LimitError) Error() string {
	return "rate limited, retry after " + e.Retry
}
