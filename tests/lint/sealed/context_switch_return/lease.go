package lease

import (
	"context"
	"fmt"
	"time"
)

type Mode int

const (
	Shared Mode = iota
	Exclusive
)

type Locker interface {
	Lock(ctx context.Context, key string) error
	RLock(ctx context.Context, key string) error
}

// Hold takes a lock and calls f with a context that ends with the lease.
func Hold(parent context.Context, l Locker, key string, m Mode, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(parent, time.Minute, fmt.Errorf("lease of %s is over", key))
	var err error
	switch m {
	case Shared:
		err = l.RLock(ctx, key)
	case Exclusive:
		err = l.Lock(ctx, key)
	default:
		return fmt.Errorf("lease: mode %d", m)
	}
	if err != nil {
		cancel()
		return err
	}
	defer cancel()
	return f(ctx)
}
