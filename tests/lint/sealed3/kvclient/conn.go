package kvclient

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// ErrAuth is returned when the server does not take the password.
var ErrAuth = errors.New("kvclient: not authorised")

// Conn is a connection on which many requests are under way.
type Conn struct {
	nc      net.Conn
	replies chan string
	mu      sync.Mutex
	err     error
}

// Dial connects and logs in.
func Dial(addr, password string) (*Conn, error) {
	nc, err := net.DialTimeout("tcp", addr, 3*time.Second)
	if err != nil {
		return nil, fmt.Errorf("kvclient: %w", err)
	}
	c := &Conn{nc: nc, replies: make(chan string, 64)}
	go c.receive()
	reply, err := c.call("AUTH " + password)
	if err != nil {
		return nil, err
	}
	if reply != "+OK" {
		return nil, fmt.Errorf("%w: %s", ErrAuth, reply)
	}
	return c, nil
}

func (c *Conn) receive() {
	defer close(c.replies)
	in := bufio.NewReader(c.nc)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			c.err = err
			return
		}
		c.replies <- strings.TrimRight(line, "\r\n")
	}
}

func (c *Conn) call(command string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := fmt.Fprintf(c.nc, "%s\r\n", command); err != nil {
		return "", err
	}
	reply, ok := <-c.replies
	if !ok {
		return "", c.err
	}
	return reply, nil
}

// Get returns the value of a key.
func (c *Conn) Get(key string) (string, error) {
	return c.call("GET " + key)
}

// Set writes the value of a key.
func (c *Conn) Set(key, value string) error {
	reply, err := c.call("SET " + key + " " + value)
	if err == nil && reply != "+OK" {
		err = errors.New(reply)
	}
	return err
}

// Close hangs up; receive ends with it.
func (c *Conn) Close() error {
	err := c.nc.Close()
	for range c.replies {
	}
	return err
}
