package presence

import (
	"encoding/json"
	"io"
	"log"
	"sync/atomic"
	"time"
)

// Frame is what goes over the wire.
type Frame struct {
	Op   string `json:"op"`
	User string `json:"user,omitempty"`
	Seq  int64  `json:"seq,omitempty"`
}

// Transport carries frames of one user.
type Transport interface {
	Send([]byte) error
	Receive() ([]byte, error)
}

// Session is one user who is online.
type Session struct {
	user string
	link Transport
	gone chan struct{}
	seen atomic.Int64
}

// Serve talks to a user until the link breaks.
func Serve(user string, link Transport, handle func(Frame)) error {
	s := &Session{user: user, link: link, gone: make(chan struct{})}
	defer close(s.gone)
	go s.beat(25 * time.Second)
	for {
		raw, err := link.Receive()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var f Frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		s.seen.Store(time.Now().Unix())
		f.User = user
		handle(f)
	}
}

func (s *Session) beat(every time.Duration) {
	tick := time.NewTicker(every)
	var seq int64
	for {
		select {
		case <-s.gone:
			return
		case now := <-tick.C:
			seq++
			if now.Unix()-s.seen.Load() < int64(every/time.Second) {
				continue
			}
			raw, _ := json.Marshal(Frame{Op: "ping", Seq: seq})
			if err := s.link.Send(raw); err != nil {
				log.Printf("ping %s: %v", s.user, err)
				return
			}
		}
	}
}
