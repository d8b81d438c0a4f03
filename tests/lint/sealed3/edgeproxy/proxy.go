package edgeproxy

import (
	"errors"
	"io"
	"log"
	"net"
	"sync"
	"time"
)

// Proxy forwards connections to an upstream.
type Proxy struct {
	mu       sync.Mutex
	cfg      *Config
	listener net.Listener
}

// Apply makes the proxy work as cfg says. It is called at start and on every SIGHUP.
func (p *Proxy) Apply(cfg *Config) error {
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.cfg = cfg
	p.listener = l
	p.mu.Unlock()
	log.Printf("listening on %s for %s", l.Addr(), cfg.Upstream)
	go p.accept(l, cfg.Upstream)
	return nil
}

func (p *Proxy) accept(l net.Listener, upstream string) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			log.Printf("accept: %v", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go forward(conn, upstream)
	}
}

// Close ends the proxy.
func (p *Proxy) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return nil
	}
	return p.listener.Close()
}

func forward(client net.Conn, upstream string) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", upstream, 5*time.Second)
	if err != nil {
		log.Printf("dial %s: %v", upstream, err)
		return
	}
	done := make(chan struct{})
	go func() {
		io.Copy(server, client)
		server.(*net.TCPConn).CloseWrite()
		close(done)
	}()
	io.Copy(client, server)
	client.Close()
	server.Close()
	<-done
}
