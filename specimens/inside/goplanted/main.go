// Goplanted fills its heap through known roots, one after another, and says how much each of them made HeapAlloc grow.
//
// It builds with Go 1.21 and later. The plants have the shapes that hold memory in real programs: a map of structs, a linked
// list, large objects, a sync.Map, interfaces, a tree, a channel's buffer, closures, what two globals share, a map with
// values in place, many small maps, timers, a goroutine's local.
package main

import (
	"flag"
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.org/inside/answer"
)

type Entry struct {
	Name  string
	Owner *User
	Body  []byte
}

type User struct {
	ID   int
	Name string
}

type Node struct {
	Next  *Node
	Value [3]int
}

type Page struct {
	Head *Node
	Data [1000]byte
	Tail *Node
}

type Tree struct{ Left, Right *Tree }

type Shape interface{ Area() float64 }

type Square struct {
	Label *string
	Side  float64
}

func (s *Square) Area() float64 { return s.Side * s.Side }

type Item struct {
	Tag  *string
	Rest [2]int
}

type Meta struct {
	Key, Value string
	Extra      []int
}

type Session struct {
	User  *User
	Roles []string
	Pad   [70]int
}

var (
	cache    = map[string]*Entry{}
	list     *Node
	pages    []*Page
	table    sync.Map
	anything []any
	shapes   []Shape
	tree     *Tree
	queue    = make(chan *Session, 1<<16)
	hooks    []func() int
	sharedA  []*Item
	sharedB  []*Item
	inPlace  = map[int]Meta{}
	small    []map[int]int
	timers   []*time.Timer
	swapped  atomic.Pointer[Tree]
	ready    = make(chan struct{})
	label    = "label"
)

type plant struct {
	root  string
	bytes uint64
	count int
}

var truths []plant

func heapAlloc() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func put(root string, count int, fill func(int)) {
	before := heapAlloc()
	fill(count)
	truths = append(truths, plant{root, heapAlloc() - before, count})
}

func grow(depth int) *Tree {
	if depth == 0 {
		return &Tree{}
	}
	return &Tree{grow(depth - 1), grow(depth - 1)}
}

func hold(count int) {
	local := make([]*Entry, 0, count)
	for i := 0; i < count; i++ {
		local = append(local, &Entry{Name: fmt.Sprint("local ", i)})
	}
	ready <- struct{}{}
	select {
	case <-make(chan int):
	}
	runtime.KeepAlive(local)
}

func main() {
	scale := flag.Int("scale", 1, "thousands of objects of most plants")
	depth := flag.Int("depth", 12, "of the tree")
	flag.Parse()
	n := *scale * 1000
	put("main.cache", 9*n, func(count int) {
		for i := 0; i < count; i++ {
			cache[fmt.Sprint("entry ", i)] = &Entry{Name: fmt.Sprint("name ", i), Owner: &User{ID: i}, Body: make([]byte, 200)}
		}
	})
	put("main.list", 7*n, func(count int) {
		for i := 0; i < count; i++ {
			list = &Node{Next: list}
		}
	})
	put("main.pages", n, func(count int) {
		for i := 0; i < count; i++ {
			pages = append(pages, &Page{Head: &Node{}, Tail: &Node{}})
		}
	})
	put("main.table", n, func(count int) {
		for i := 0; i < count; i++ {
			table.Store(i, &User{ID: i, Name: fmt.Sprint("user ", i)})
		}
	})
	put("main.anything", 2*n, func(count int) {
		for i := 0; i < count; i++ {
			anything = append(anything, fmt.Sprint(i))
		}
	})
	put("main.shapes", 2*n, func(count int) {
		for i := 0; i < count; i++ {
			shapes = append(shapes, &Square{Label: &label})
		}
	})
	put("main.tree", 1<<(*depth+1), func(int) { tree = grow(*depth) })
	put("main.queue", n, func(count int) {
		for i := 0; i < count && i < cap(queue); i++ {
			queue <- &Session{User: &User{ID: i}, Roles: []string{fmt.Sprint("role ", i)}}
		}
	})
	put("main.hooks", 2*n, func(count int) {
		for i := 0; i < count; i++ {
			meta := &Meta{Key: fmt.Sprint("key ", i)}
			hooks = append(hooks, func() int { return len(meta.Key) + i })
		}
	})
	put("main.shared", 4*n, func(count int) {
		for i := 0; i < count; i++ {
			item := &Item{Tag: &label}
			sharedA, sharedB = append(sharedA, item), append(sharedB, item)
		}
	})
	put("main.inPlace", 6*n, func(count int) {
		for i := 0; i < count; i++ {
			inPlace[i] = Meta{Key: fmt.Sprint("k", i), Extra: make([]int, 4)}
		}
	})
	put("main.small", n, func(count int) {
		for i := 0; i < count; i++ {
			small = append(small, map[int]int{i: i, i + 1: i})
		}
	})
	put("main.timers", n, func(count int) {
		for i := 0; i < count; i++ {
			session := &Session{}
			timers = append(timers, time.AfterFunc(time.Hour, func() { session.User = nil }))
		}
	})
	put("main.hold", 2*n, func(count int) {
		go hold(count)
		<-ready
	})
	heapAlloc()
	answer.Ready(answer.Commands{
		"truth": truth, "more": more(n), "swap": swap, "churn": churn, "storm": storm, "collects": collects, "turn": turn,
		"double": double, "empty": empty, "calm": calm, "serve": serve, "rest": rest,
	})
}

// more makes the list longer.
func more(count int) func(string) string {
	return func(string) string {
		for i := 0; i < count; i++ {
			list = &Node{Next: list}
		}
		return "{}"
	}
}

func truth(string) string {
	sort.Slice(truths, func(i, j int) bool { return truths[i].root < truths[j].root })
	var parts []string
	for _, one := range truths {
		parts = append(parts, fmt.Sprintf(`%q: [%d, %d]`, one.root, one.bytes, one.count))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
