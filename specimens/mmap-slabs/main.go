// Mmap-slabs is an off-heap cache: values are put one behind another into slabs of 16 MiB that it maps itself.
// Nothing is ever given up. The twin has a ring of slabs, full at READY, and begins the oldest anew.
package main

import (
	"syscall"

	"example.org/specimens/internal/stage"
)

const (
	slabBytes  = 16 * stage.MiB
	valueBytes = 16 << 10
	ring       = 3 // slabs of the twin
)

func main() {
	run := stage.Open(96, "`VALUES` of 16 KiB per second")
	cache := &cache{at: slabBytes}
	if run.Twin {
		cache.most = ring
	}
	value := make([]byte, valueBytes)
	step := func() {
		value[0]++
		run.Must(cache.put(value))
	}
	step()
	for run.Twin && cache.values < ring*slabBytes/valueBytes {
		step()
	}
	run.Ready()
	run.Pace(run.Rate, step)
}

// A cache has its last slab filled up to at; with most set it has no more slabs than that.
type cache struct {
	slabs  [][]byte
	at     int
	most   int
	values int
}

func (c *cache) put(value []byte) error {
	if c.at+len(value) > slabBytes {
		slab, err := c.nextSlab()
		if err != nil {
			return err
		}
		c.slabs, c.at = append(c.slabs, slab), 0
	}
	c.at += copy(c.slabs[len(c.slabs)-1][c.at:], value)
	c.values++
	return nil
}

func (c *cache) nextSlab() ([]byte, error) {
	if c.most > 0 && len(c.slabs) == c.most {
		oldest := c.slabs[0]
		c.slabs = append(c.slabs[:0], c.slabs[1:]...)
		return oldest, nil
	}
	return syscall.Mmap(-1, 0, slabBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
}
