package format

import (
	"fmt"
	"sync"
)

const tooLarge = 64 << 10

var pool = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

type Log struct {
	mu    sync.Mutex
	lines []string
}

func (l *Log) Printf(f string, args ...any) {
	p := pool.Get().(*[]byte)
	b := fmt.Appendf((*p)[:0], f, args...)
	line := string(b)
	if cap(b) <= tooLarge {
		*p = b
		pool.Put(p)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	if len(l.lines) > 1000 {
		l.lines = append(l.lines[:0], l.lines[len(l.lines)-500:]...)
	}
}

func (l *Log) Lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}
