package chat

import (
	"bufio"
	"fmt"
	"net"
)

func (s *Server) join(c net.Conn) {
	defer c.Close()
	m := &member{name: c.RemoteAddr().String(), out: make(chan string, 16)}
	s.mu.Lock()
	s.members[m.name] = m
	s.mu.Unlock()
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		s.tell(m.name, lines.Text())
		select {
		case text := <-m.out:
			fmt.Fprintln(c, text)
		default:
		}
	}
}

func (s *Server) tell(from, text string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for name, m := range s.members {
		if name == from {
			continue
		}
		select {
		case m.out <- from + ": " + text:
		default:
		}
	}
}
