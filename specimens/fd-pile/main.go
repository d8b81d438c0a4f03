// Fd-pile asks a web server and never closes the bodies of the answers. The twin closes them.
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
	asked := 0
	ask := func() {
		run.Must(fetch(fmt.Sprintf("%s/race/%d", strings.TrimSuffix(*server, "/"), asked), run.Twin))
		asked++
		if left--; left == 0 && !run.Twin {
			run.Fail("no descriptors left")
		}
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, ask)
	} else {
		ask()
	}
	run.Ready()
	run.Pace(run.Rate, ask)
}

// fetch looks at the status of an answer, and at its body only if it also closes it.
func fetch(url string, closes bool) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	if !closes {
		return nil
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	return response.Body.Close()
}
