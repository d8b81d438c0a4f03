package lookup

import (
	"context"
	"net"
)

type answer struct {
	names []string
	err   error
}

// Names asks the resolver, but not longer than ctx lasts.
func Names(ctx context.Context, ip string) ([]string, error) {
	ch := make(chan answer)
	go func() {
		names, err := net.LookupAddr(ip)
		ch <- answer{names, err}
	}()
	select {
	case a := <-ch:
		return a.names, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
