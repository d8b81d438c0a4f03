package weather

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

type Client struct {
	base string
	http *http.Client
}

type Forecast struct {
	City string  `json:"city"`
	High float64 `json:"high"`
	Low  float64 `json:"low"`
}

func New(base string) *Client {
	return &Client{base: base, http: http.DefaultClient}
}

// Forecast asks for one city.
func (c *Client) Forecast(city string) (*Forecast, error) {
	req, err := http.NewRequest("GET", c.base+"/v1/forecast?city="+url.QueryEscape(city), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("forecast %s: %w", city, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("forecast %s: %s", city, resp.Status)
	}
	defer resp.Body.Close()
	var f Forecast
	if err := json.NewDecoder(resp.Body).Decode(&f); err != nil {
		return nil, err
	}
	return &f, nil
}

// Healthy closes what it opened on every way out.
func (c *Client) Healthy() bool {
	resp, err := c.http.Get(c.base + "/healthz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
