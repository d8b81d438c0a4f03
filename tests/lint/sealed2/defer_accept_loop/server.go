// Package echo answers lines over TCP.
package echo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

type Server struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func (s *Server) track(c net.Conn, add bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = make(map[net.Conn]struct{})
	}
	if add {
		s.conns[c] = struct{}{}
	} else {
		delete(s.conns, c)
	}
}

// Serve accepts until the listener is closed.
func (s *Server) Serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		s.track(conn, true)
		go func(c net.Conn) {
			defer s.track(c, false)
			defer c.Close()
			lines := bufio.NewScanner(c)
			for lines.Scan() {
				if _, err := fmt.Fprintln(c, lines.Text()); err != nil {
					log.Printf("%s: %v", c.RemoteAddr(), err)
					return
				}
			}
		}(conn)
	}
}

// Replay sends recorded files one after the other.
func Replay(ctx context.Context, dir, address string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return err
	}
	send := func(name string) error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = bufio.NewReader(f).WriteTo(c)
		return err
	}
	for _, name := range names {
		if err := send(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
