package echo

import (
	"errors"
	"io"
	"net"
	"sync"
)

type Server struct {
	ln net.Listener
	wg sync.WaitGroup
}

func Listen(addr string) (*Server, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &Server{ln: ln}
	s.wg.Add(1)
	go s.accept()
	return s, nil
}

func (s *Server) accept() {
	defer s.wg.Done()
	for {
		conn, err := s.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		s.wg.Add(1)
		go s.serve(conn)
	}
}

func (s *Server) serve(conn net.Conn) {
	defer s.wg.Done()
	defer conn.Close()
	_, _ = io.Copy(conn, conn)
}

func (s *Server) Close() error {
	err := s.ln.Close()
	s.wg.Wait()
	return err
}
