// Package forge is a client of a code forge.
package forge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

type Client struct {
	base *url.URL
	http *http.Client
}

// Response is an answer whose body has been read.
type Response struct {
	*http.Response
	NextPage string
}

type ErrorResponse struct {
	Response *http.Response
	Message  string `json:"message"`
}

func (e *ErrorResponse) Error() string {
	return fmt.Sprintf("%s: %d %s", e.Response.Request.URL, e.Response.StatusCode, e.Message)
}

func (c *Client) newRequest(ctx context.Context, method, path string, body any) (*http.Request, error) {
	u, err := c.base.Parse(path)
	if err != nil {
		return nil, err
	}
	var buf io.ReadWriter
	if body != nil {
		buf = &bytes.Buffer{}
		if err := json.NewEncoder(buf).Encode(body); err != nil {
			return nil, err
		}
	}
	return http.NewRequestWithContext(ctx, method, u.String(), buf)
}

func (c *Client) bareDo(req *http.Request) (*Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	response := &Response{Response: resp, NextPage: resp.Header.Get("X-Next-Page")}
	if err := check(resp); err != nil {
		defer resp.Body.Close()
		return response, err
	}
	return response, nil
}

func check(r *http.Response) error {
	if r.StatusCode < 300 {
		return nil
	}
	e := &ErrorResponse{Response: r}
	if data, err := io.ReadAll(r.Body); err == nil {
		_ = json.Unmarshal(data, e)
	}
	return e
}

func (c *Client) do(req *http.Request, v any) (*Response, error) {
	resp, err := c.bareDo(req)
	if err != nil {
		return resp, err
	}
	defer resp.Body.Close()
	switch v := v.(type) {
	case nil:
	case io.Writer:
		_, err = io.Copy(v, resp.Body)
	default:
		err = json.NewDecoder(resp.Body).Decode(v)
		if err == io.EOF {
			err = nil
		}
	}
	return resp, err
}
