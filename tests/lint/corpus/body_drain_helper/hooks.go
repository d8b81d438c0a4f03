package hooks

import (
	"fmt"
	"net/http"
	"strings"
)

type Sender struct {
	HTTP *http.Client
}

func (s *Sender) Post(url, payload string) error {
	resp, err := s.HTTP.Post(url, "application/json", strings.NewReader(payload))
	if err != nil {
		return err
	}
	defer drain(resp)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("hook %s: %s", url, resp.Status)
	}
	return nil
}

func (s *Sender) Ping(url string) (int, error) {
	resp, err := s.HTTP.Head(url)
	if err != nil {
		return 0, err
	}
	code := resp.StatusCode
	drain(resp)
	return code, nil
}
