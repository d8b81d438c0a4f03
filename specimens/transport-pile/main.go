// Transport-pile makes an http.Transport for each request, and with it a pool of idle connections that nobody
// will ask again. The twin shares one. Both close every body.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"

	"example.org/specimens/internal/stage"
)

func main() {
	server := flag.String("server", "", "`URL` of odds-server")
	run := stage.Open(40, "`REQUESTS` per second")
	if *server == "" {
		run.Fail("-server URL is needed")
	}
	var limit syscall.Rlimit
	run.Must(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	left := int(min(limit.Cur, 1<<16)) - 64 // more than this would be another failure
	client := newClient()
	asked := 0
	ask := func() {
		if !run.Twin {
			if left--; left == 0 {
				run.Fail("no descriptors left")
			}
			client = newClient()
		}
		run.Must(fetch(client, fmt.Sprintf("%s/race/%d", strings.TrimSuffix(*server, "/"), asked)))
		asked++
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, ask)
	} else {
		ask()
	}
	run.Ready()
	run.Pace(run.Rate, ask)
}

// newClient is a client with a pool of its own, whose idle connections never time out: IdleConnTimeout is 0.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
}

func fetch(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
