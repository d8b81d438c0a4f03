// Cgoheap is Go with C memory in every state: lost, held by Go objects only, held by C, fragmented; and a server.
//
// What is lost was reachable once and was dropped, by one path; with -twin the same blocks hang in a Go map. How
// much of each there is the program counts itself (counted.c), in malloc's own sizes.
package main

/*
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "counted.h"
#include "documents.h"
#include "shapes.h"

struct link { struct link *next; char text[168]; };
static struct link *chain;

static void chain_grow(int count) {
    while (count--) {
        struct link *link = counted_malloc(sizeof *link);
        memset(link, 'c', sizeof *link);
        link->next = chain;
        chain = link;
    }
}

static void *block_new(size_t size, int number) {
    char *block = counted_malloc(size);
    memset(block, 0, size);
    snprintf(block, size, "Customer number %d of the shop", number);
    return block;
}

static void mallinfo_text(char *text, size_t size) {
    struct mallinfo2 info = mallinfo2();
    snprintf(text, size,
             "{\"arena\": %zu, \"uordblks\": %zu, \"fordblks\": %zu, \"fsmblks\": %zu, \"hblks\": %zu, \"hblkhd\": %zu}",
             info.arena, info.uordblks, info.fordblks, info.fsmblks, info.hblks, info.hblkhd);
}
*/
import "C"

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"example.org/inside/answer"
)

// What Go holds of C: in a map and in a slice, as bindings do.
var (
	byNumber = map[int]unsafe.Pointer{}
	inOrder  []unsafe.Pointer
	caches   [][]byte
	text     [512]C.char
)

func main() {
	docs := flag.Int("docs", 0, "`N` documents that are lost")
	plain := flag.Int("plain", 0, "`N` blocks of 800 bytes that are lost")
	objects := flag.Int("objects", 0, "`N` C++ objects that are lost")
	held := flag.Int("held", 0, "`N` blocks in a Go map, as many in a Go slice and as many in a C list")
	heldDocs := flag.Int("held-docs", 0, "`N` documents that only a Go slice holds")
	goMiB := flag.Int("go", 0, "`MiB` of Go heap")
	pieces := flag.Int("fragments", 0, "`MiB` of blocks in several arenas of which every second is freed")
	twin := flag.Bool("twin", false, "lose nothing: a Go map holds it")
	serve := flag.Bool("serve", false, "serve GET /work on loopback")
	flag.Parse()

	runtime.LockOSThread()
	C.documents_begin()
	for number := 0; number < *goMiB; number++ {
		caches = append(caches, make([]byte, 1<<20))
		for at := 0; at < 1<<20; at += 4096 {
			caches[number][at] = 1
		}
	}
	makeAll(*docs, *plain, *objects, *held, *heldDocs, *twin)
	fragment(*pieces)
	runtime.UnlockOSThread()
	runtime.GC()
	facts := []string{"documents=" + C.GoString(C.documents_by)}
	if *serve {
		facts = append(facts, "server="+listen())
	}
	answer.Ready(answer.Commands{"truth": truth, "malloc": mallinfo, "mutate": mutate, "calm": calm}, facts...)
}

// makeAll mixes what is lost with what is held, so that they are neighbours in memory.
func makeAll(docs, plain, objects, held, heldDocs int, twin bool) {
	most := held
	for _, count := range []int{docs, plain, objects, heldDocs} {
		if count > most {
			most = count
		}
	}
	for number := 0; number < most; number++ {
		if number < held {
			hold(number)
		}
		if number < heldDocs {
			C.purpose_set(C.HELD)
			inOrder = append(inOrder, C.document_new(C.int(number)))
		}
		if twin {
			loseOne(number, docs, plain, objects, func(block unsafe.Pointer) { byNumber[-len(byNumber)-1] = block })
		} else {
			loseOne(number, docs, plain, objects, func(unsafe.Pointer) {})
		}
		if number%512 == 0 {
			C.scrub()
		}
	}
	C.purpose_set(C.PASSING)
	C.scrub()
}

func loseOne(number, docs, plain, objects int, drop func(unsafe.Pointer)) {
	C.purpose_set(C.LOST)
	if number < docs {
		drop(C.document_new(C.int(number)))
	}
	if number < plain {
		drop(C.block_new(800, C.int(number)))
	}
	if number < objects {
		drop(C.new_polygon(10))
	}
}

func hold(number int) {
	C.purpose_set(C.HELD)
	byNumber[number] = C.block_new(160, C.int(number))
	inOrder = append(inOrder, C.block_new(280, C.int(number)))
	C.chain_grow(1)
}

// fragment fills arenas on threads of their own and frees every second block: what is free lies between what is not.
func fragment(mebibytes int) {
	if mebibytes == 0 {
		return
	}
	const threads, size = 4, 1000
	kept := make([][]unsafe.Pointer, threads)
	var all, together sync.WaitGroup
	together.Add(threads)
	for thread := 0; thread < threads; thread++ {
		all.Add(1)
		go func(thread int) {
			defer all.Done()
			runtime.LockOSThread()
			together.Done()
			together.Wait()
			C.purpose_set(C.HELD)
			count := mebibytes << 20 / threads / size
			blocks := make([]unsafe.Pointer, count)
			for number := range blocks {
				blocks[number] = C.block_new(size, C.int(number))
			}
			for number, block := range blocks {
				if number%8 == 0 {
					kept[thread] = append(kept[thread], block)
				} else {
					C.counted_free(block)
				}
			}
			C.purpose_set(C.PASSING)
			runtime.UnlockOSThread()
		}(thread)
	}
	all.Wait()
	for _, some := range kept {
		inOrder = append(inOrder, some...)
	}
}

func truth(string) string {
	names := []string{"passing", "lost", "held"}
	line := "{"
	for purpose, name := range names {
		var chunks, bytes C.longlong
		C.book(uint32(purpose), &chunks, &bytes)
		line += fmt.Sprintf(`"%s_chunks": %d, "%s_bytes": %d, `, name, int64(chunks), name, int64(bytes))
	}
	return line + fmt.Sprintf(`"held_by_go": %d}`, len(byNumber)+len(inOrder))
}

func mallinfo(string) string {
	C.mallinfo_text(&text[0], C.size_t(len(text)))
	return C.GoString(&text[0])
}
