package framecodec

import "sync"

const (
	usual = 4 << 10
	large = 64 << 10
)

var frames = sync.Pool{New: func() any {
	b := make([]byte, 0, usual)
	return &b
}}

func get() *[]byte {
	b := frames.Get().(*[]byte)
	*b = (*b)[:0]
	return b
}

func put(b *[]byte) {
	if cap(*b) > large {
		return
	}
	frames.Put(b)
}
