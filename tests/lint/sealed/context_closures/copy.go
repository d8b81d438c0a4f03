package relay

import (
	"context"
	"errors"
	"io"
	"net"
)

var errDone = errors.New("relay: done")

func Pipe(parent context.Context, a, b net.Conn) (err error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer func() { cancel(err) }()
	stop := context.AfterFunc(ctx, func() {
		a.Close()
		b.Close()
	})
	defer stop()
	go func() {
		_, e := io.Copy(a, b)
		cancel(errors.Join(errDone, e))
	}()
	_, err = io.Copy(b, a)
	return err
}

type Lease struct {
	context.Context
	end context.CancelFunc
}

// Leases are ended by End, all of them.
type Leases []Lease

func (ls *Leases) Add(parent context.Context) context.Context {
	ctx, end := context.WithCancel(parent)
	*ls = append(*ls, Lease{ctx, end})
	return ctx
}

func (ls Leases) End() {
	for _, l := range ls {
		l.end()
	}
}
