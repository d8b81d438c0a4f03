package soap

import (
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

type Service struct {
	Endpoint string
	Timeout  time.Duration
}

type envelope struct {
	Body struct {
		Inner []byte `xml:",innerxml"`
	} `xml:"Body"`
}

func (s Service) Call(action, body string) ([]byte, error) {
	var c http.Client
	c.Timeout = s.Timeout
	c.Transport = &http.Transport{
		Dial: func(network, addr string) (net.Conn, error) {
			return net.DialTimeout(network, addr, s.Timeout)
		},
	}
	req, err := http.NewRequest("POST", s.Endpoint, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("SOAPAction", action)
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var e envelope
	if err := xml.NewDecoder(resp.Body).Decode(&e); err != nil {
		return nil, fmt.Errorf("soap %s: %w", action, err)
	}
	return e.Body.Inner, nil
}
