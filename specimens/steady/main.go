// Steady serves and asks itself at a constant rate. Nothing grows. It has no twin: it is everybody's.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"example.org/specimens/internal/stage"
)

const answerBytes = 32 << 10

func main() {
	run := stage.Open(200, "`REQUESTS` per second")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	run.Must(err)
	http.HandleFunc("GET /{name}", func(answer http.ResponseWriter, request *http.Request) {
		io.WriteString(answer, strings.Repeat(request.PathValue("name")+"\n", answerBytes/8))
	})
	go func() { run.Must(http.Serve(listener, nil)) }()

	count := 0
	ask := func() {
		run.Must(fetch(fmt.Sprintf("http://%s/%07d", listener.Addr(), count)))
		count++
	}
	run.WarmUp(run.Rate, nil, ask)
	run.Ready("server=http://" + listener.Addr().String())
	run.Pace(run.Rate, ask)
}

func fetch(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
