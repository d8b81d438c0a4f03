package api

import (
	"bytes"
	"encoding/json"
	"net/http"
)

type API struct {
	Base  string
	Token string
	HTTP  *http.Client
}

// send makes the call; the caller owns the body.
func (a *API) send(method, path string, in any) (*http.Response, error) {
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(in); err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, a.Base+path, &buf)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+a.Token)
	return a.HTTP.Do(req)
}
