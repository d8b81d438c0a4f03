package geo

import "net/http"

type Service struct {
	hc *http.Client
}

func NewService(proxied bool) *Service {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if !proxied {
		t.Proxy = nil
	}
	return &Service{hc: &http.Client{Transport: t}}
}

func (s *Service) Do(r *http.Request) (*http.Response, error) { return s.hc.Do(r) }
