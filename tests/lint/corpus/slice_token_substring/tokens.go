package tokens

import (
	"io"
	"net/http"
	"strings"
)

var current = map[string]string{}

// Refresh keeps the token that stands somewhere in a page.
func Refresh(site string, resp *http.Response) error {
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	page := string(raw)
	at := strings.Index(page, `csrf="`)
	if at < 0 {
		delete(current, site)
		return nil
	}
	at += len(`csrf="`)
	current[site] = page[at : at+32]
	return nil
}
