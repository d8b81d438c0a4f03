package geocoder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Point is a place on earth.
type Point struct {
	Lat float64 `json:"lat,string"`
	Lon float64 `json:"lon,string"`
}

// ErrUnknown is returned for an address that nobody knows.
var ErrUnknown = errors.New("geocoder: unknown address")

type doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Geocoder turns addresses into points.
type Geocoder struct {
	Endpoint string
	Agent    string
	HTTP     doer
}

func (g *Geocoder) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.Endpoint+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", g.Agent)
	return g.HTTP.Do(req)
}

func finish(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}

func decode(resp *http.Response, into any) error {
	defer finish(resp.Body)
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return ErrUnknown
	case resp.StatusCode >= 400:
		return fmt.Errorf("geocoder: %s", resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// Forward returns the best point for the address.
func (g *Geocoder) Forward(ctx context.Context, address string) (Point, error) {
	resp, err := g.get(ctx, "/search", url.Values{"q": {address}, "format": {"json"}})
	if err != nil {
		return Point{}, err
	}
	var found []Point
	if err := decode(resp, &found); err != nil {
		return Point{}, err
	}
	if len(found) == 0 {
		return Point{}, ErrUnknown
	}
	return found[0], nil
}

// Reverse returns the address nearest to p.
func (g *Geocoder) Reverse(ctx context.Context, p Point) (string, error) {
	query := url.Values{"lat": {fmt.Sprint(p.Lat)}, "lon": {fmt.Sprint(p.Lon)}}
	resp, err := g.get(ctx, "/reverse", query)
	if err != nil {
		return "", err
	}
	var place struct {
		Name string `json:"display_name"`
	}
	if err := decode(resp, &place); err != nil {
		return "", err
	}
	return place.Name, nil
}
