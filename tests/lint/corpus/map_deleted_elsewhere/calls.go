package rpc

import (
	"context"
	"sync"
	"sync/atomic"
)

type Conn struct {
	next    atomic.Uint64
	mu      sync.Mutex
	pending map[uint64]chan []byte
	send    func(id uint64, body []byte) error
}

func NewConn(send func(uint64, []byte) error) *Conn {
	return &Conn{pending: map[uint64]chan []byte{}, send: send}
}

func (c *Conn) Call(ctx context.Context, body []byte) ([]byte, error) {
	id := c.next.Add(1)
	ch := make(chan []byte, 1)
	c.mu.Lock()
	c.pending[id] = ch
	c.mu.Unlock()
	defer c.forget(id)
	if err := c.send(id, body); err != nil {
		return nil, err
	}
	select {
	case out := <-ch:
		return out, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
