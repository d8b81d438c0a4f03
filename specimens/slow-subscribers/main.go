// Slow-subscribers publishes to connections whose other ends are not read: what was sent waits in the kernel's
// queues. The connections are all there at READY, so that nothing is opened meanwhile. The twin's subscribers read.
package main

import (
	"fmt"
	"io"
	"net"
	"syscall"

	"example.org/specimens/internal/stage"
)

const (
	subscribers  = 256
	messageBytes = 8 << 10
	queueBytes   = 4 * stage.MiB // asked for; the kernel gives what net.core.wmem_max and rmem_max allow
)

func main() {
	run := stage.Open(128, "`MESSAGES` of 8 KiB per second")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	run.Must(err)
	var topic []*net.TCPConn
	var others []net.Conn
	for range subscribers {
		topic = append(topic, subscribe(run, listener))
		other, err := listener.Accept()
		run.Must(err)
		run.Must(other.(*net.TCPConn).SetReadBuffer(queueBytes))
		if run.Twin {
			go io.Copy(io.Discard, other)
		}
		others = append(others, other)
	}
	message, next := make([]byte, messageBytes), 0
	publish := func() {
		for range topic {
			taken := offer(run, topic[next%len(topic)], message)
			next++
			if taken > 0 {
				if !run.Twin {
					run.Outside(taken)
				}
				return
			}
		}
		if !run.Twin { // whose readers will soon be there
			run.Fail("all queues are full")
		}
	}
	publish()
	run.Ready(fmt.Sprintf("subscribers=%d", len(others)))
	run.Pace(run.Rate, publish)
}

func subscribe(run *stage.Stage, listener net.Listener) *net.TCPConn {
	connection, err := net.Dial("tcp", listener.Addr().String())
	run.Must(err)
	tcp := connection.(*net.TCPConn)
	run.Must(tcp.SetWriteBuffer(queueBytes))
	return tcp
}

// offer sends what the kernel takes at once: a publisher does not wait for one slow subscriber.
func offer(run *stage.Stage, connection *net.TCPConn, message []byte) int {
	raw, err := connection.SyscallConn()
	run.Must(err)
	taken := 0
	run.Must(raw.Write(func(fd uintptr) bool {
		taken, err = syscall.Write(int(fd), message)
		return true
	}))
	if err != nil && err != syscall.EAGAIN {
		run.Must(err)
	}
	return max(0, taken)
}
