package buf

import "sync/atomic"

type Buffer struct {
	refs atomic.Int32
	Data []byte
	free func(*Buffer)
}

func (b *Buffer) Retain() *Buffer {
	b.refs.Add(1)
	return b
}

func (b *Buffer) Release() {
	if b.refs.Add(-1) == 0 && b.free != nil {
		b.free(b)
	}
}

type Cache struct {
	last *Buffer
}

// Last gives the newest buffer; the caller releases it.
func (c *Cache) Last() *Buffer {
	if c.last == nil {
		return nil
	}
	return c.last.Retain()
}

func (c *Cache) Set(b *Buffer) {
	old := c.last
	c.last = b.Retain()
	if old != nil {
		old.Release()
	}
}

func (c *Cache) Len() int {
	b := c.Last()
	if b == nil {
		return 0
	}
	defer b.Release()
	return len(b.Data)
}
