package window

import (
	"net"
	"time"
)

type Ack struct{ Seq uint32 }

type Sender struct {
	conn net.Conn
	acks chan Ack
	next uint32
	most uint32
}

// Send writes packets while acknowledgements come in.
func (s *Sender) Send(packets [][]byte) error {
	var acked uint32
	for acked < uint32(len(packets)) {
		for s.next < uint32(len(packets)) && s.next-acked < s.most {
			if _, err := s.conn.Write(packets[s.next]); err != nil {
				return err
			}
			s.next++
		}
		select {
		case a := <-s.acks:
			if a.Seq > acked {
				acked = a.Seq
			}
		case <-time.After(time.Minute):
			s.next = acked
		}
	}
	return nil
}
