package feed

import (
	"compress/gzip"
	"encoding/xml"
	"io"
	"net/http"
)

type Item struct {
	Title string `xml:"title"`
	Link  string `xml:"link"`
}

type Feed struct {
	Items []Item `xml:"channel>item"`
}

func Fetch(hc *http.Client, url string) (*Feed, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	var r io.Reader = resp.Body
	if resp.Header.Get("Content-Encoding") == "gzip" {
		gz, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, err
		}
		defer gz.Close()
		r = gz
	}
	var f Feed
	if err := xml.NewDecoder(r).Decode(&f); err != nil {
		return nil, err
	}
	return &f, nil
}
