package intern

import (
	"runtime"
	"sync"
	"sync/atomic"
	"weak"
)

type Name struct{ text string }

var (
	mu    sync.Mutex
	names = map[string]weak.Pointer[Name]{}
	gone  atomic.Int64
)

// Of gives the one Name of a text; the entry goes with the last of its users.
func Of(text string) *Name {
	mu.Lock()
	defer mu.Unlock()
	if p := names[text].Value(); p != nil {
		return p
	}
	n := &Name{text}
	names[text] = weak.Make(n)
	runtime.AddCleanup(n, drop, text)
	return n
}

func drop(text string) {
	gone.Add(1)
	mu.Lock()
	defer mu.Unlock()
	if names[text].Value() == nil {
		delete(names, text)
	}
}

func (n *Name) String() string { return n.text }

func Gone() int64 { return gone.Load() }
