package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var (
	clock atomic.Int64
	start sync.Once
)

func init() {
	go func() {
		for {
			clock.Store(time.Now().Unix())
			time.Sleep(time.Second)
		}
	}()
}

func startReport() {
	start.Do(func() {
		go func() {
			for range time.Tick(time.Minute) {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				fmt.Println(clock.Load(), m.HeapAlloc)
			}
		}()
	})
}

func read(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Print(line)
	}
}

func main() {
	startReport()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, os.Interrupt)
	go func() {
		for range hup {
			os.Exit(0)
		}
	}()
	for {
		conn, err := ln.Accept()
		if err != nil {
			continue
		}
		go read(conn)
	}
}
