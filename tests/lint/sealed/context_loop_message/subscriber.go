package subscriber

import (
	"context"
	"time"
)

type Message struct {
	Key  string
	Body []byte
}

type Handler interface {
	Handle(context.Context, Message) error
	Failed(Message, error)
}

func Serve(ctx context.Context, in <-chan Message, h Handler) {
	for m := range in {
		mctx, cancel := context.WithDeadline(ctx, time.Now().Add(10*time.Minute))
		mctx = context.WithValue(mctx, keyOf{}, m.Key)
		if err := h.Handle(mctx, m); err != nil {
			h.Failed(m, err)
			continue
		}
		cancel()
	}
}

type keyOf struct{}
