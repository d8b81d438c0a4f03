package fetch

import (
	"errors"
	"io"
	"net/http"
	"time"
)

var ErrGiveUp = errors.New("fetch: gave up")

// Bytes tries three times; a 429 is tried again.
func Bytes(hc *http.Client, u string) ([]byte, error) {
	var last error
	for try := 0; try < 3; try++ {
		resp, err := hc.Get(u)
		if err != nil {
			last = err
			time.Sleep(time.Duration(try) * time.Second)
			continue
		}
		if resp.StatusCode == http.StatusTooManyRequests {
			last = ErrGiveUp
			continue
		}
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		return data, nil
	}
	return nil, last
}
