package agentsock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
)

// Command is what a line asks for.
type Command func(ctx context.Context, args []string) (string, error)

// Server answers lines on a unix socket.
type Server struct {
	commands map[string]Command

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	wg    sync.WaitGroup
}

// NewServer makes a server of the commands.
func NewServer(commands map[string]Command) *Server {
	return &Server{commands: commands, conns: make(map[net.Conn]struct{})}
}

// Serve answers on path until ctx is done.
func (s *Server) Serve(ctx context.Context, path string) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		l.Close()
		s.hangUp()
	})
	defer stop()
	defer l.Close()
	for {
		conn, err := l.Accept()
		if err != nil {
			s.hangUp()
			s.wg.Wait()
			if errors.Is(err, net.ErrClosed) {
				return ctx.Err()
			}
			return err
		}
		s.track(conn, true)
		s.wg.Add(1)
		go s.talk(ctx, conn)
	}
}

func (s *Server) track(conn net.Conn, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.conns[conn] = struct{}{}
	} else {
		delete(s.conns, conn)
	}
}

func (s *Server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close()
	}
}

func (s *Server) talk(ctx context.Context, conn net.Conn) {
	defer s.wg.Done()
	defer func() {
		s.track(conn, false)
		conn.Close()
	}()
	in := bufio.NewScanner(conn)
	for in.Scan() {
		words := strings.Fields(in.Text())
		if len(words) == 0 {
			continue
		}
		run, ok := s.commands[words[0]]
		if !ok {
			fmt.Fprintln(conn, "error: no such command")
			continue
		}
		answer, err := run(ctx, words[1:])
		if err != nil {
			answer = "error: " + err.Error()
		}
		if _, err := fmt.Fprintln(conn, answer); err != nil {
			return
		}
	}
}
