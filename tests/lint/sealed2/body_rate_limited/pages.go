// Package issues walks the pages of a tracker's REST interface.
package issues

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

type Issue struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	State string `json:"state"`
}

type Client struct {
	base  string
	token string
	http  *http.Client
}

func New(base, token string) *Client {
	return &Client{base: base, token: token, http: &http.Client{Timeout: 30 * time.Second}}
}

func (c *Client) request(ctx context.Context, path string, page int) (*http.Request, error) {
	url := fmt.Sprintf("%s%s?per_page=100&page=%d", c.base, path, page)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// All reads every page and waits when the server says so.
func (c *Client) All(ctx context.Context, path string) ([]Issue, error) {
	var all []Issue
	for page := 1; page > 0; {
		req, err := c.request(ctx, path, page)
		if err != nil {
			return nil, err
		}
		resp, err := c.http.Do(req)
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", page, err)
		}
		if resp.StatusCode == http.StatusTooManyRequests {
			after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
			time.Sleep(time.Duration(after+1) * time.Second)
			continue
		}
		var some []Issue
		err = json.NewDecoder(resp.Body).Decode(&some)
		_ = resp.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", page, err)
		}
		all = append(all, some...)
		page, _ = strconv.Atoi(resp.Header.Get("X-Next-Page"))
	}
	return all, nil
}
