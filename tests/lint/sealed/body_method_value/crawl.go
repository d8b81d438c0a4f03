package crawl

import (
	"bufio"
	"net/http"
	"strings"
)

func Titles(hc *http.Client, urls []string) (map[string]string, error) {
	titles := make(map[string]string, len(urls))
	for _, u := range urls {
		err := func() error {
			resp, err := hc.Get(u)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			titles[u] = title(resp)
			return nil
		}()
		if err != nil {
			return nil, err
		}
	}
	return titles, nil
}

func title(resp *http.Response) string {
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "<title>"); ok {
			name, _, _ := strings.Cut(rest, "</title>")
			return name
		}
	}
	return ""
}

func First(hc *http.Client, url string) string {
	resp, err := hc.Get(url)
	if err != nil {
		return ""
	}
	done := resp.Body.Close
	name := title(resp)
	if err := done(); err != nil {
		return ""
	}
	return name
}
