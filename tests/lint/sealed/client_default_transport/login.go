package login

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// Session signs in; the jar is the session, the connections are everybody's.
func Session(u, user, pass string) (http.CookieJar, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &http.Client{Jar: jar, Timeout: 20 * time.Second}
	resp, err := c.PostForm(u, url.Values{"user": {user}, "pass": {pass}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("login: %s", resp.Status)
	}
	return jar, nil
}

// Reachable leaves no connection behind.
func Reachable(u string) bool {
	tr := &http.Transport{DisableKeepAlives: true}
	c := http.Client{Transport: tr, Timeout: time.Second}
	resp, err := c.Head(u)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return true
}

func Version(u string) (string, error) {
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Get(u + "/version")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	return resp.Header.Get("X-Version"), nil
}
