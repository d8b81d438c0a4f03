// Context-pile derives a context for each request from the server's, and never cancels it: the server's context
// keeps a list of its children, and each child keeps its request. The twin cancels.
package main

import (
	"context"

	"example.org/specimens/internal/stage"
)

const requestBytes = 1024

type key struct{}

func main() {
	run := stage.Open(1000, "`REQUESTS` per second")
	server, stop := context.WithCancel(context.Background())
	run.AtEnd(stop)
	serve := func() {
		cancel := handle(server)
		if run.Twin {
			cancel()
		}
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, serve)
	}
	run.Ready()
	run.Pace(run.Rate, serve)
}

// handle answers one request, and leaves it to its caller to end the request's context.
func handle(server context.Context) context.CancelFunc {
	request := make([]byte, requestBytes)
	for at := range request {
		request[at] = byte(at)
	}
	ctx, cancel := context.WithCancel(context.WithValue(server, key{}, request))
	answer(ctx)
	return cancel
}

//go:noinline
func answer(ctx context.Context) byte {
	request := ctx.Value(key{}).([]byte)
	return request[len(request)-1]
}
