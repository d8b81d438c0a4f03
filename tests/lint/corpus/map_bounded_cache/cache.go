package cache

import (
	"sync"
	"time"
)

const most = 10_000

type entry struct {
	value string
	until time.Time
}

type Cache struct {
	mu  sync.Mutex
	all map[string]entry
}

func (c *Cache) Put(key, value string, keep time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) >= most || c.all == nil {
		c.all = make(map[string]entry)
	}
	c.all[key] = entry{value, time.Now().Add(keep)}
}

func (c *Cache) Get(key string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.all[key]
	return e.value, ok && time.Now().Before(e.until)
}
