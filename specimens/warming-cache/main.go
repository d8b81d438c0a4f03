// Warming-cache begins empty and keeps answers for ever, under keys that carry the time of the question, so that
// none is ever found again. The twin's keys do not, and it keeps a bounded number: after a minute it is full.
// Until then the two look alike.
package main

import (
	"container/list"
	"fmt"
	"math/rand/v2"

	"example.org/specimens/internal/stage"
)

const (
	answerBytes = 6 << 10
	pageBytes   = 64 << 10      // what rendering one answer takes, and leaves as garbage
	questions   = 16 << 10      // different ones that are asked
	capacity    = questions / 2 // answers that the twin keeps: 48 MiB
	perSecond   = 189           // after 60 s as many different questions have been asked as the twin keeps
)

func main() {
	run := stage.Open(perSecond, "`QUESTIONS` per second")
	random := rand.New(rand.NewPCG(8, 60))
	cache := cache{answers: make(map[string]*list.Element), recent: list.New()}
	asked := 0
	ask := func() {
		key := fmt.Sprintf("question=%d", random.IntN(questions))
		if run.Twin {
			cache.bound = capacity
		} else {
			key = fmt.Sprintf("%s&at=%d", key, asked)
		}
		render(cache.answer(key))
		asked++
	}
	run.Ready()
	run.Pace(run.Rate, ask)
}

// A cache holds answers by key; at most bound of them, or all when bound is 0.
type cache struct {
	bound   int
	answers map[string]*list.Element
	recent  *list.List
}

type entry struct {
	key    string
	answer []byte
}

func (c *cache) answer(key string) []byte {
	if known, ok := c.answers[key]; ok {
		c.recent.MoveToFront(known)
		return known.Value.(*entry).answer
	}
	if c.bound > 0 && len(c.answers) >= c.bound {
		oldest := c.recent.Remove(c.recent.Back()).(*entry)
		delete(c.answers, oldest.key)
	}
	answer := compute(key)
	c.answers[key] = c.recent.PushFront(&entry{key, answer})
	return answer
}

// compute is where the bytes are allocated.
func compute(key string) []byte {
	answer := make([]byte, answerBytes)
	for at := range answer {
		answer[at] = key[at%len(key)]
	}
	return answer
}

var sent []byte // the last page: one that nobody could see would not be on the heap

func render(answer []byte) {
	sent = make([]byte, pageBytes)
	for at := range sent {
		sent[at] = answer[at%len(answer)]
	}
}
