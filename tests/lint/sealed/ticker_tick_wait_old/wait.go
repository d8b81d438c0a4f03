package ready

import (
	"context"
	"net"
	"time"
)

// Wait returns when addr accepts connections.
func Wait(ctx context.Context, addr string) error {
	tick := time.Tick(200 * time.Millisecond)
	for {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick:
		}
	}
}

func WaitAll(ctx context.Context, addrs ...string) error {
	for _, a := range addrs {
		if err := Wait(ctx, a); err != nil {
			return err
		}
	}
	return nil
}
