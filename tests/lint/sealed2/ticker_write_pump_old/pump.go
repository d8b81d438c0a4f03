// Package chat pushes messages to the clients that are connected.
package chat

import (
	"encoding/binary"
	"net"
	"time"
)

const (
	writeWait  = 10 * time.Second
	pingPeriod = 54 * time.Second
)

type Conn struct {
	conn net.Conn
	send chan []byte
	hub  *Hub
}

func (c *Conn) write(kind byte, p []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(p)))
	if _, err := c.conn.Write(head); err != nil {
		return err
	}
	_, err := c.conn.Write(p)
	return err
}

// writePump is the only writer of its connection.
func (c *Conn) writePump() {
	ping := time.NewTicker(pingPeriod)
	defer c.conn.Close()
	for {
		select {
		case message, ok := <-c.send:
			if !ok {
				_ = c.write('c', nil)
				return
			}
			if err := c.write('m', message); err != nil {
				return
			}
		case <-ping.C:
			if err := c.write('p', nil); err != nil {
				return
			}
		}
	}
}
