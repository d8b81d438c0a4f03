package feed

import (
	"net/http"
	"sync"
	"time"
)

type Board struct {
	mu    sync.Mutex
	lines []string
}

func (b *Board) snapshot() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.lines...)
}

// Watch hands the lines on every second.
func (b *Board) Watch(each func([]string)) {
	go func() {
		for {
			each(b.snapshot())
			time.Sleep(time.Second)
		}
	}()
}

func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var mu sync.Mutex
	b.Watch(func(lines []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, l := range lines {
			_, _ = w.Write([]byte(l))
		}
	})
	<-r.Context().Done()
}
