package geo

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

var (
	once   sync.Once
	shared *http.Client
)

func client() *http.Client {
	once.Do(func() {
		shared = &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
			Timeout:   3 * time.Second,
		}
	})
	return shared
}

type Place struct{ Lat, Lon float64 }

func Lookup(u string) (p Place, err error) {
	resp, err := client().Get(u)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	err = json.NewDecoder(resp.Body).Decode(&p)
	return p, err
}
