// Heap-cache keeps every answer in a map for ever. The twin is an LRU cache of bounded size, full at READY.
package main

import (
	"container/list"

	"example.org/specimens/internal/stage"
)

const (
	answerBytes = 1024
	capacity    = 16 << 10 // answers that the twin keeps: 16 MiB
)

func main() {
	run := stage.Open(1536, "`ANSWERS` of 1 KiB per second")
	bound := 0
	if run.Twin {
		bound = capacity
	}
	cache := newCache(bound)
	question := 0
	ask := func() {
		cache.answer(question)
		question++
	}
	if run.Twin {
		run.WarmUp(run.Rate, func() bool { return question > 2*capacity }, ask)
	}
	run.Ready()
	run.Pace(run.Rate, ask)
}

// A cache holds answers by question; at most bound of them, or all when bound is 0.
type cache struct {
	bound   int
	answers map[int]*list.Element
	recent  *list.List
}

type entry struct {
	question int
	answer   []byte
}

func newCache(bound int) *cache {
	return &cache{bound: bound, answers: make(map[int]*list.Element), recent: list.New()}
}

func (c *cache) answer(question int) []byte {
	if known, ok := c.answers[question]; ok {
		c.recent.MoveToFront(known)
		return known.Value.(*entry).answer
	}
	if c.bound > 0 && len(c.answers) >= c.bound {
		oldest := c.recent.Remove(c.recent.Back()).(*entry)
		delete(c.answers, oldest.question)
	}
	answer := compute(question)
	c.answers[question] = c.recent.PushFront(&entry{question, answer})
	return answer
}

// compute is where the bytes are allocated.
func compute(question int) []byte {
	answer := make([]byte, answerBytes)
	for at := range answer {
		answer[at] = byte(question + at)
	}
	return answer
}
