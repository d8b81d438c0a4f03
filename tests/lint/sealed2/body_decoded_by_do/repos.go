package forge

import (
	"context"
	"net/http"
)

type Repository struct {
	Name    string `json:"name"`
	Private bool   `json:"private"`
}

// List gives the repositories of an owner, a page at a time.
func (c *Client) List(ctx context.Context, owner, page string) ([]*Repository, *Response, error) {
	req, err := c.newRequest(ctx, http.MethodGet, "users/"+owner+"/repos?page="+page, nil)
	if err != nil {
		return nil, nil, err
	}
	var repos []*Repository
	resp, err := c.do(req, &repos)
	if err != nil {
		return nil, resp, err
	}
	return repos, resp, nil
}

func (c *Client) Exists(ctx context.Context, owner, name string) (bool, error) {
	req, err := c.newRequest(ctx, http.MethodHead, "repos/"+owner+"/"+name, nil)
	if err != nil {
		return false, err
	}
	resp, err := c.do(req, nil)
	if resp != nil && resp.StatusCode == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}
