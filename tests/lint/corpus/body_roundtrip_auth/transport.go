package auth

import (
	"net/http"
	"sync"
)

// Transport signs requests and signs in again after a 401.
type Transport struct {
	Base  http.RoundTripper
	Login func() (string, error)

	mu    sync.Mutex
	token string
}

func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.Base.RoundTrip(t.signed(req))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusUnauthorized {
		return resp, nil
	}
	token, err := t.Login()
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	t.mu.Lock()
	t.token = token
	t.mu.Unlock()
	return t.Base.RoundTrip(t.signed(req))
}

func (t *Transport) signed(req *http.Request) *http.Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := req.Clone(req.Context())
	out.Header.Set("Authorization", "Bearer "+t.token)
	return out
}
