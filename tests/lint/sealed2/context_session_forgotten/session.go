// Package sessions serves shells over connections.
package sessions

import (
	"bufio"
	"context"
	"net"
	"os/exec"
	"strings"
	"sync"
)

type Session struct {
	conn   net.Conn
	user   string
	ctx    context.Context
	cancel context.CancelFunc
}

type Server struct {
	base context.Context
	mu   sync.Mutex
	open map[string]*Session
}

func NewServer(base context.Context) *Server {
	return &Server{base: base, open: make(map[string]*Session)}
}

// Accept makes a session of a connection.
func (s *Server) Accept(conn net.Conn, user string) *Session {
	sess := &Session{conn: conn, user: user}
	sess.ctx, sess.cancel = context.WithCancel(s.base)
	s.mu.Lock()
	s.open[user] = sess
	s.mu.Unlock()
	return sess
}

func (s *Server) Leave(sess *Session) error {
	s.mu.Lock()
	delete(s.open, sess.user)
	s.mu.Unlock()
	return sess.Close()
}

// Close ends the connection.
func (s *Session) Close() error { return s.conn.Close() }

func (s *Session) Run() error {
	lines := bufio.NewScanner(s.conn)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		out, err := exec.CommandContext(s.ctx, fields[0], fields[1:]...).CombinedOutput()
		if err != nil {
			out = append(out, err.Error()...)
		}
		if _, err := s.conn.Write(out); err != nil {
			return err
		}
	}
	return lines.Err()
}
