package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

type app struct {
	client *http.Client
	out    io.Writer
}

func newApp(timeout time.Duration) *app {
	tr := &http.Transport{ForceAttemptHTTP2: true, IdleConnTimeout: 30 * time.Second}
	return &app{client: &http.Client{Transport: tr, Timeout: timeout}, out: os.Stdout}
}

func (a *app) size(u string) error {
	resp, err := a.client.Get(u)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	fmt.Fprintln(a.out, u, n)
	return err
}

func main() {
	timeout := flag.Duration("timeout", time.Minute, "for each request")
	flag.Parse()
	a := newApp(*timeout)
	for _, u := range flag.Args() {
		if err := a.size(u); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}
