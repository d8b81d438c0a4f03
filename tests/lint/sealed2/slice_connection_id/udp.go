// Package tunnel accepts datagrams of many peers.
package tunnel

import (
	"net"
	"sync"
	"time"
)

const (
	headerLen = 24
	keyAt     = 8
)

type Peer struct {
	Addr net.Addr
	Key  []byte
	Last time.Time
}

type Server struct {
	conn  net.PacketConn
	mu    sync.Mutex
	peers map[string]*Peer
	in    chan []byte
	done  chan struct{}
}

func New(conn net.PacketConn) *Server {
	s := &Server{conn: conn, peers: make(map[string]*Peer), in: make(chan []byte, 128), done: make(chan struct{})}
	go s.expire(time.Minute)
	return s
}

func (s *Server) Packets() <-chan []byte { return s.in }

func (s *Server) Close() error {
	close(s.done)
	return s.conn.Close()
}

// Serve reads until the connection is closed.
func (s *Server) Serve() error {
	for {
		buf := make([]byte, 65535)
		n, addr, err := s.conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		if n < headerLen {
			continue
		}
		s.mu.Lock()
		p, ok := s.peers[addr.String()]
		if !ok {
			p = &Peer{Addr: addr, Key: buf[keyAt:headerLen]}
			s.peers[addr.String()] = p
		}
		p.Last = time.Now()
		s.mu.Unlock()
		s.in <- append([]byte(nil), buf[headerLen:n]...)
	}
}

func (s *Server) expire(after time.Duration) {
	tick := time.NewTicker(after)
	defer tick.Stop()
	for {
		var now time.Time
		select {
		case <-s.done:
			return
		case now = <-tick.C:
		}
		s.mu.Lock()
		for a, p := range s.peers {
			if now.Sub(p.Last) > after {
				delete(s.peers, a)
			}
		}
		s.mu.Unlock()
	}
}
