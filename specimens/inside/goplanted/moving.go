package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// What keeps the heap moving until calm, which comes back when all of it has ended.
var (
	stop    = make(chan struct{})
	working sync.WaitGroup
)

// work lets so many goroutines do the same again and again.
func work(goroutines int, once func(worker, turn int)) string {
	for worker := 0; worker < goroutines; worker++ {
		working.Add(1)
		go func(worker int) {
			defer working.Done()
			for turn := 0; ; turn++ {
				select {
				case <-stop:
					return
				default:
					once(worker, turn)
				}
			}
		}(worker)
	}
	return "{}"
}

func calm(string) string {
	close(stop)
	working.Wait()
	stop = make(chan struct{})
	return "{}"
}

// swap replaces one big structure by a new one of this depth; the first is there when it answers.
func swap(argument string) string {
	depth, err := strconv.Atoi(argument)
	if err != nil {
		depth = 14
	}
	swapped.Store(grow(depth))
	return work(1, func(int, int) { swapped.Store(grow(depth)) })
}

var lock sync.RWMutex

func replaced(keys []string, i int) {
	key := keys[i%len(keys)]
	fresh := &Entry{Name: key, Owner: &User{ID: i}, Body: make([]byte, 200)}
	lock.Lock()
	cache[key] = fresh
	lock.Unlock()
}

func keysOfCache() []string {
	keys := make([]string, 0, len(cache))
	for key := range cache {
		keys = append(keys, key)
	}
	return keys
}

// churn replaces entries of a map that keeps its size, two hundred a second or as many as asked for.
func churn(argument string) string {
	rate, err := strconv.Atoi(argument)
	if err != nil {
		rate = 200
	}
	keys, pause := keysOfCache(), time.Second/time.Duration(rate)
	return work(1, func(_, turn int) {
		replaced(keys, turn)
		time.Sleep(pause)
	})
}

// storm does so as fast as four goroutines can.
func storm(string) string {
	keys := keysOfCache()
	return work(4, func(worker, turn int) { replaced(keys, 4*turn+worker) })
}

// collects runs the collector back to back, from two goroutines.
func collects(string) string {
	return work(2, func(int, int) { runtime.GC() })
}

var back *Node

// turn takes a list apart node by node and makes another one of them: nothing is allocated.
func turn(string) string {
	return work(1, func(int, int) {
		for list != nil {
			node := list
			list = node.Next
			node.Next = back
			back = node
		}
		list, back = back, nil
	})
}

var doubled = map[string]*Entry{}

// double makes another cache beside the first one.
func double(string) string {
	working.Add(1)
	go func() {
		defer working.Done()
		for i := 0; i < 3*len(cache); i++ {
			doubled[fmt.Sprint("double ", i)] = &Entry{Name: fmt.Sprint("name ", i), Owner: &User{ID: i}, Body: make([]byte, 200)}
		}
	}()
	return "{}"
}

// empty lets go of the cache, and gives its memory back.
func empty(string) string {
	working.Add(1)
	go func() {
		defer working.Done()
		lock.Lock()
		cache = nil
		lock.Unlock()
		debug.FreeOSMemory()
	}()
	return "{}"
}
