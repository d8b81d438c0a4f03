package connect

import (
	"fmt"
	"net"
	"time"
)

// Say connects, tries again for a while, and says one thing.
func Say(addr, text string) error {
	var last error
	for i := 0; i < 5; i++ {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			last = err
			time.Sleep(time.Second << i)
			continue
		}
		defer conn.Close()
		_, err = fmt.Fprintln(conn, text)
		return err
	}
	return fmt.Errorf("connect %s: %w", addr, last)
}

func Any(addrs []string, use func(net.Conn) error) error {
	var conn net.Conn
	for _, a := range addrs {
		c, err := net.DialTimeout("tcp", a, time.Second)
		if err == nil {
			conn = c
			break
		}
	}
	if conn == nil {
		return fmt.Errorf("connect: none of %d", len(addrs))
	}
	defer conn.Close()
	return use(conn)
}
