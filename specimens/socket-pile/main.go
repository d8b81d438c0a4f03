// Socket-pile accepts connections, and neither reads what the clients have sent nor closes. The clients go; the
// sockets stay in CLOSE_WAIT, their data in the kernel's receive buffers. The twin reads and closes.
package main

import (
	"fmt"
	"io"
	"net"
	"syscall"

	"example.org/specimens/internal/stage"
)

const messageBytes = 32 << 10 // less than a new TCP socket's receive window (tcp(7) tcp_rmem)

func main() {
	run := stage.Open(30, "`CONNECTIONS` per second")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	run.Must(err)
	var limit syscall.Rlimit
	run.Must(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	left := int(min(limit.Cur, 1<<16)) - 64 // more than this would be another failure
	go serve(run, listener)
	message := make([]byte, messageBytes)
	step := func() {
		run.Must(send(listener.Addr().String(), message))
		if run.Twin {
			return
		}
		run.Outside(messageBytes)
		if left--; left == 0 {
			run.Fail("no descriptors left")
		}
	}
	if run.Twin {
		run.WarmUp(run.Rate, nil, step)
	} else {
		step()
	}
	run.Ready(fmt.Sprintf("port=%d", listener.Addr().(*net.TCPAddr).Port))
	run.Pace(run.Rate, step)
}

// serve accepts whoever comes.
func serve(run *stage.Stage, listener net.Listener) {
	var waiting []net.Conn
	for {
		connection, err := listener.Accept()
		run.Must(err)
		if run.Twin {
			go receive(connection)
		} else {
			waiting = append(waiting, connection)
		}
	}
}

// send is the client: it connects, sends, and goes.
func send(address string, message []byte) error {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	if _, err := connection.Write(message); err != nil {
		return err
	}
	return connection.Close()
}

func receive(connection net.Conn) {
	defer connection.Close()
	io.ReadAll(connection)
}
