// Gotyped fills its heap by the ways on which a type is easily lost: containers of the library that keep untyped pointers, interfaces in
// globals, closures, locals of goroutines that wait, types that package reflect made, slices whose type no code asks for.
//
// It builds with Go 1.21 and later. Of each type there are as many objects as it says, and none is garbage.
package main

import (
	"bufio"
	"bytes"
	"container/list"
	"flag"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"example.org/inside/answer"
)

type Leaf struct {
	Self *Leaf
	N    int
}

// What hangs at each: all alike, so that only the way to it tells them apart.
type (
	InMap      struct{ Leaf *Leaf }
	Key        struct{ A, B *Leaf }
	Pooled     struct{ Leaf *Leaf }
	Boxed      struct{ Leaf *Leaf }
	Swapped    struct{ Leaf *Leaf }
	Listed     struct{ Leaf *Leaf }
	Sent       struct{ Leaf *Leaf }
	ByValue    struct{ Leaf *Leaf }
	ByName     struct{ Leaf *Leaf }
	InLocal    struct{ Leaf *Leaf }
	InArgument struct{ Leaf *Leaf }
	Reflected  struct{ Leaf *Leaf }
	Delayed    struct{ Leaf *Leaf }
	InStruct   struct{ Leaf *Leaf }
	InMethod   struct{ Leaf *Leaf }
)

func (m *InMethod) Call() int { return m.Leaf.N }

// Outer is in a global as a value, so that its fields are that global's.
type Outer struct {
	Name  string
	Inner struct{ Many map[string][]*InStruct }
}

var (
	leaf     = &Leaf{}
	table    sync.Map
	pool     sync.Pool
	boxed    any
	stored   atomic.Value
	linked   = list.New()
	sent     = make(chan any, 10000)
	calls    []func() int
	methods  []func() int
	outer    Outer
	mirrored []any
	delayed  []*time.Timer
	readers  []*bufio.Reader
	parked   = make(chan struct{})
)

func byValue(one *ByValue) func() int { return func() int { return one.Leaf.N } }

func byName(one *ByName) func() int {
	call := func() int { one = &ByName{one.Leaf}; return one.Leaf.N }
	call()
	return call
}

//go:noinline
func wait(argument []*InArgument, count int) {
	local := make([]*InLocal, 0, count)
	for i := 0; i < count; i++ {
		local = append(local, &InLocal{leaf})
	}
	parked <- struct{}{}
	<-parked
	runtime.KeepAlive(argument)
	runtime.KeepAlive(local)
}

func library(count int) {
	for i := 0; i < count; i++ {
		table.Store(Key{leaf, &Leaf{N: i}}, &InMap{leaf})
		linked.PushBack(&Listed{leaf})
		sent <- &Sent{leaf}
		pool.Put(&Pooled{leaf})
		readers = append(readers, bufio.NewReaderSize(bytes.NewReader(nil), 16))
		one := &Delayed{leaf}
		delayed = append(delayed, time.AfterFunc(time.Hour, func() { fmt.Fprint(io.Discard, one.Leaf) }))
	}
	boxed = &Boxed{leaf}
	stored.Store(&Swapped{leaf})
}

func language(count int) {
	outer.Inner.Many = map[string][]*InStruct{}
	for i := 0; i < count; i++ {
		calls = append(calls, byValue(&ByValue{leaf}), byName(&ByName{leaf}))
		methods = append(methods, (&InMethod{leaf}).Call)
		outer.Inner.Many[fmt.Sprint(i)] = append([]*InStruct(nil), &InStruct{leaf})
	}
	arguments := make([]*InArgument, count)
	for i := range arguments {
		arguments[i] = &InArgument{leaf}
	}
	go wait(arguments, count)
	<-parked
}

func mirrors(count int) {
	made := reflect.StructOf([]reflect.StructField{
		{Name: "Text", Type: reflect.TypeOf("")},
		{Name: "One", Type: reflect.TypeOf(&Reflected{})},
	})
	maps := reflect.MapOf(reflect.TypeOf(""), reflect.PointerTo(made))
	for i := 0; i < count; i++ {
		one := reflect.New(made)
		one.Elem().Field(0).SetString(fmt.Sprint(i))
		one.Elem().Field(1).Set(reflect.ValueOf(&Reflected{leaf}))
		into := reflect.MakeMap(maps)
		into.SetMapIndex(reflect.ValueOf("key"), one)
		mirrored = append(mirrored, into.Interface())
	}
}

func main() {
	count := flag.Int("count", 1000, "objects of most types")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	library(*count)
	language(*count)
	mirrors(*count)
	runtime.GC()
	debug.SetGCPercent(-1) // the next collection but one would empty the pool
	answer.Ready(answer.Commands{"truth": func(string) string {
		return fmt.Sprintf(`{"count": %d, "boxed": %d}`, *count, len(fmt.Sprint(boxed)))
	}})
}
