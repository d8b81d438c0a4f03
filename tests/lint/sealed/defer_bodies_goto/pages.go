package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
)

type Page struct {
	Items []string
	Next  string
}

// All follows the pages to the end.
func All(hc *http.Client, url string) (items []string, err error) {
again:
	resp, err := hc.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	var p Page
	if err = json.NewDecoder(resp.Body).Decode(&p); err != nil {
		return nil, err
	}
	items = append(items, p.Items...)
	if p.Next != "" {
		url = p.Next
		goto again
	}
	return items, nil
}
