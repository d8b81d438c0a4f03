// Gofilled fills maps, slices, channels and buffers to a known part and says how many values each has and how many of its bytes nothing uses.
//
// It builds with Go 1.21 and later. Each shape that keeps memory idle (sub-slices and substrings of something large, queues that were
// sliced forward, maps whose entries were deleted, channels and buffers without content) has a twin that looks alike and is full.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"runtime"
	"sort"
	"strings"
	"sync"

	"example.org/inside/answer"
)

type Meta struct {
	Key   int
	Extra [6]int
}

type Session struct{ ID int }

type Upload struct {
	Name string
	Head []byte
}

const (
	pageBytes = 4096
	few       = 12
)

var (
	fullMap     = map[int]Meta{}
	emptiedMap  = map[int]Meta{}
	emptiedRefs = map[string]*Session{}
	fullRefs    = map[string]*Session{}
	smallMaps   []map[int]int
	registry    sync.Map

	fullSlice   []*Session
	grownSlice  []*Session
	cutSlice    []int
	poppedQueue []*Session
	zeroedQueue []Meta

	substrings []string
	lines      []string
	clones     []string
	heads      []*Upload
	bodies     []*Upload

	fullChannel  chan Meta
	emptyChannel chan Meta
	fullJobs     chan *Session
	emptyJobs    chan *Session

	resetBuffers []*bytes.Buffer
	usedBuffers  []*bytes.Buffer
	idleReaders  []*bufio.Reader
	readReaders  []*bufio.Reader
)

// A plant: values in the map, slices or channel that a root or the lines below it have; of `bytes` how many are idle.
type plant struct {
	root           string
	bytes          uint64
	elements, idle int
}

var truths []plant

func heapAlloc() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// put: an idle of -1 stands for all that it made the heap grow.
func put(root string, elements, idle int, fill func()) {
	before := heapAlloc()
	fill()
	bytes := heapAlloc() - before
	if idle < 0 {
		idle = int(bytes)
	}
	truths = append(truths, plant{root, bytes, elements, idle})
}

func page(i int) string { return strings.Repeat(fmt.Sprintf("%07d,", i), pageBytes/8) }

func smallValues(maps int) int {
	count := 0
	for i := 0; i < maps; i++ {
		count += i%7 + 1
	}
	return count
}

func maps(n int) {
	put("main.fullMap", 8*n, 0, func() {
		for i := 0; i < 8*n; i++ {
			fullMap[i] = Meta{Key: i}
		}
	})
	put("main.emptiedMap", few, -1, func() {
		for i := 0; i < 16*n; i++ {
			emptiedMap[i] = Meta{Key: i}
		}
		for i := few; i < 16*n; i++ {
			delete(emptiedMap, i)
		}
	})
	put("main.emptiedRefs", few, -1, func() {
		for i := 0; i < 30*n; i++ {
			emptiedRefs[fmt.Sprint("key ", i)] = &Session{i}
		}
		for i := few; i < 30*n; i++ {
			delete(emptiedRefs, fmt.Sprint("key ", i))
		}
	})
	put("main.fullRefs", 10*n, 0, func() {
		for i := 0; i < 10*n; i++ {
			fullRefs[fmt.Sprint("key ", i)] = &Session{i}
		}
	})
	put("main.registry", 4*n, 0, func() {
		for i := 0; i < 4*n; i++ {
			registry.Store(i, &Session{i})
		}
	})
	put("main.smallMaps", smallValues(2*n), 0, func() {
		smallMaps = make([]map[int]int, 2*n)
		for i := range smallMaps {
			smallMaps[i] = map[int]int{}
			for j := 0; j <= i%7; j++ {
				smallMaps[i][j] = i
			}
		}
	})
}

func slices(n int) {
	put("main.fullSlice", 100*n, 0, func() {
		fullSlice = make([]*Session, 100*n)
		one := &Session{}
		for i := range fullSlice {
			fullSlice[i] = one
		}
	})
	put("main.grownSlice", 100*n, 0, func() {
		one := &Session{}
		for i := 0; i < 100*n; i++ {
			grownSlice = append(grownSlice, one)
		}
	})
	put("main.cutSlice", 3, 8*(200*n-3), func() { cutSlice = make([]int, 200*n)[:3] })
	put("main.poppedQueue", 10*n, 8*90*n, func() {
		poppedQueue = make([]*Session, 100*n)
		one := &Session{}
		for i := range poppedQueue {
			poppedQueue[i] = one
		}
		for len(poppedQueue) > 10*n {
			poppedQueue = poppedQueue[1:]
		}
	})
	put("main.zeroedQueue", 0, 56*20*n, func() { zeroedQueue = make([]Meta, 20*n)[:0] })
}

func texts(n int) {
	put("main.substrings", n, n*(pageBytes-30), func() {
		substrings = make([]string, n)
		for i := range substrings {
			substrings[i] = page(i)[10:40]
		}
	})
	put("main.lines", n, 0, func() {
		lines = make([]string, n)
		for i := 0; i < n; i += 4 {
			whole := page(i)
			for j := 0; j < 4; j++ {
				lines[i+j] = whole[j*pageBytes/4 : (j+1)*pageBytes/4]
			}
		}
	})
	put("main.clones", 16*n, 0, func() {
		clones = make([]string, 16*n)
		for i := range clones {
			clones[i] = strings.Clone(page(i)[10:50])
		}
	})
	put("main.heads", n, n*(pageBytes-few), func() {
		heads = make([]*Upload, n)
		for i := range heads {
			heads[i] = &Upload{Name: "head", Head: []byte(page(i))[:few]}
		}
	})
	put("main.bodies", n, 0, func() {
		bodies = make([]*Upload, n)
		for i := range bodies {
			bodies[i] = &Upload{Name: "body", Head: []byte(page(i))}
		}
	})
}

func channels(n int) {
	put("main.fullChannel", 10*n, 0, func() {
		fullChannel = make(chan Meta, 10*n)
		for i := 0; i < 10*n; i++ {
			fullChannel <- Meta{}
		}
	})
	put("main.emptyChannel", 0, 56*20*n, func() { emptyChannel = make(chan Meta, 20*n) })
	put("main.fullJobs", 100*n, 0, func() {
		fullJobs = make(chan *Session, 100*n)
		one := &Session{}
		for i := 0; i < 100*n; i++ {
			fullJobs <- one
		}
	})
	put("main.emptyJobs", few, 8*(100*n-few), func() {
		emptyJobs = make(chan *Session, 100*n)
		for i := 0; i < few; i++ {
			emptyJobs <- &Session{i}
		}
	})
}

func buffers(n int) {
	count := n / 4
	put("main.resetBuffers", count, count*2*pageBytes, func() {
		resetBuffers = make([]*bytes.Buffer, count)
		for i := range resetBuffers {
			resetBuffers[i] = bytes.NewBuffer(make([]byte, 2*pageBytes))
			resetBuffers[i].Reset()
		}
	})
	put("main.usedBuffers", count, 0, func() {
		usedBuffers = make([]*bytes.Buffer, count)
		for i := range usedBuffers {
			usedBuffers[i] = bytes.NewBuffer(make([]byte, 2*pageBytes))
			io.CopyN(io.Discard, usedBuffers[i], pageBytes/2)
		}
	})
	put("main.idleReaders", 2*count, 2*count*pageBytes, func() {
		idleReaders = make([]*bufio.Reader, 2*count)
		for i := range idleReaders {
			idleReaders[i] = bufio.NewReaderSize(strings.NewReader(""), pageBytes)
		}
	})
	put("main.readReaders", 2*count, 0, func() {
		text := page(0) + page(1)
		readReaders = make([]*bufio.Reader, 2*count)
		for i := range readReaders {
			readReaders[i] = bufio.NewReaderSize(strings.NewReader(text), pageBytes)
			readReaders[i].ReadByte()
		}
	})
}

func main() {
	scale := flag.Int("scale", 1, "thousands of values of most plants")
	flag.Parse()
	n := *scale * 1000
	maps(n)
	slices(n)
	texts(n)
	channels(n)
	buffers(n)
	heapAlloc()
	answer.Ready(answer.Commands{"truth": truth})
}

func truth(string) string {
	sort.Slice(truths, func(i, j int) bool { return truths[i].root < truths[j].root })
	var parts []string
	for _, one := range truths {
		parts = append(parts, fmt.Sprintf(`%q: [%d, %d, %d]`, one.root, one.bytes, one.elements, one.idle))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
