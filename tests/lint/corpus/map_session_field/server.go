package chat

import (
	"net"
	"sync"
)

type member struct {
	name string
	out  chan string
}

type Server struct {
	mu      sync.RWMutex
	members map[string]*member
	ln      net.Listener
}

func New(ln net.Listener) *Server {
	return &Server{members: map[string]*member{}, ln: ln}
}

func (s *Server) Serve() error {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return err
		}
		go s.join(c)
	}
}
