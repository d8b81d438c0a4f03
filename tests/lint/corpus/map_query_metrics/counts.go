package stats

import (
	"sync"
	"sync/atomic"
)

// Counts counts by a key that the client chooses.
type Counts struct {
	sync.Mutex
	by map[string]*atomic.Int64
}

func (c *Counts) Add(path string) {
	c.Lock()
	n, ok := c.by[path]
	if !ok {
		if c.by == nil {
			c.by = make(map[string]*atomic.Int64)
		}
		n = new(atomic.Int64)
		c.by[path] = n
	}
	c.Unlock()
	n.Add(1)
}
