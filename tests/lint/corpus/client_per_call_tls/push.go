package push

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"time"
)

type Gateway struct {
	URL  string
	Cert tls.Certificate
}

// Send delivers one notification.
func (g *Gateway) Send(device string, payload []byte) error {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{g.Cert}},
	}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	resp, err := client.Post(g.URL+"/3/device/"+device, "application/json", bytes.NewReader(payload))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("push %s: %s", device, resp.Status)
	}
	return nil
}
