package heartbeatd

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"time"
)

// Beat is a sign of life.
type Beat struct {
	Node string
	Load float64
}

// Monitor watches one node.
type Monitor struct {
	Node    string
	Silence time.Duration
	Alarm   func(node string)
}

// Watch reads beats until the channel is closed.
func (m *Monitor) Watch(beats <-chan Beat) {
	timer := time.NewTimer(m.Silence)
	defer timer.Stop()
	for {
		select {
		case b, ok := <-beats:
			if !ok {
				return
			}
			if b.Node != m.Node {
				continue
			}
			if !timer.Stop() {
				select {
				case <-timer.C:
				default:
				}
			}
			timer.Reset(m.Silence)
		case <-timer.C:
			m.Alarm(m.Node)
			timer.Reset(m.Silence)
		}
	}
}

// Reach dials the node, and again when it does not answer.
func Reach(ctx context.Context, addr string) error {
	var dialer net.Dialer
	var failed error
	for try := range 4 {
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		failed = errors.Join(failed, err)
		log.Printf("dial %s: %v", addr, err)
		select {
		case <-ctx.Done():
			return errors.Join(failed, ctx.Err())
		case <-time.After(time.Duration(try+1) * 250 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s is out of reach: %w", addr, failed)
}

// Confirm waits once for a beat of the node.
func Confirm(beats <-chan Beat, patience time.Duration) bool {
	select {
	case _, ok := <-beats:
		return ok
	case <-time.After(patience):
		return false
	}
}
