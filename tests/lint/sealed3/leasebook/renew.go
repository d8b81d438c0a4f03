package leasebook

import (
	"log/slog"
	"time"
)

// Backend keeps leases alive.
type Backend interface {
	Grant(key string, ttl time.Duration) (id uint64, err error)
	Renew(id uint64) error
	Revoke(id uint64) error
}

// Lease is held until it is released.
type Lease struct {
	ID      uint64
	backend Backend
	tick    *time.Ticker
}

// Acquire takes a lease and renews it in the background.
func Acquire(b Backend, key string, ttl time.Duration) (*Lease, error) {
	id, err := b.Grant(key, ttl)
	if err != nil {
		return nil, err
	}
	l := &Lease{ID: id, backend: b, tick: time.NewTicker(ttl / 3)}
	go l.renew()
	return l, nil
}

func (l *Lease) renew() {
	for range l.tick.C {
		if err := l.backend.Renew(l.ID); err != nil {
			slog.Warn("lease is not renewed", "id", l.ID, "err", err)
		}
	}
}

// Release gives the lease back.
func (l *Lease) Release() error {
	l.tick.Stop()
	return l.backend.Revoke(l.ID)
}
