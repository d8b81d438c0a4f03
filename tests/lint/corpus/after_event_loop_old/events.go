package events

import (
	"context"
	"time"
)

type Event struct{ Kind, Body string }

type Handler func(Event)

// Loop handles events and says so when none came for ten minutes.
func Loop(ctx context.Context, in <-chan Event, handle Handler, quiet func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-in:
			handle(e)
		case <-time.After(10 * time.Minute):
			quiet()
		}
	}
}
