package main

/*
#include "counted.h"
#include "documents.h"
*/
import "C"

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

var (
	working sync.WaitGroup
	stopped int32
	page    = make([]byte, 32<<10)
)

// mutate parses on so many goroutines, and loses a document in fifty, until calm.
func mutate(argument string) string {
	count := 2
	fmt.Sscan(argument, &count)
	atomic.StoreInt32(&stopped, 0)
	for worker := 0; worker < count; worker++ {
		working.Add(1)
		go func() {
			defer working.Done()
			for number := 0; atomic.LoadInt32(&stopped) == 0; number++ {
				parse(number)
			}
		}()
	}
	return "{}"
}

func calm(string) string {
	atomic.StoreInt32(&stopped, 1)
	working.Wait()
	return "{}"
}

// parse loses one document in fifty; the thread may change between two calls of C, the purpose is its own.
func parse(number int) {
	document := C.document_new(C.int(number))
	if number%50 != 0 {
		C.document_free(document)
	}
}

// listen serves pages that cost a parse and some garbage.
func listen() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(serveWork)}
	go server.Serve(listener)
	return "http://" + listener.Addr().String()
}

func serveWork(answer http.ResponseWriter, request *http.Request) {
	document := C.document_new(7)
	rows := make([]string, 0, 100)
	for number := 0; number < 100; number++ {
		rows = append(rows, fmt.Sprintf("row %d of %s", number, request.URL.Path))
	}
	C.document_free(document)
	answer.Write(page[:len(page)-len(rows)])
}
