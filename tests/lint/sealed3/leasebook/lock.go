package leasebook

import (
	"errors"
	"time"
)

// ErrBusy is returned when somebody else works under the key.
var ErrBusy = errors.New("lease is taken")

// Locker runs work that only one node may do.
type Locker struct {
	Backend Backend
	TTL     time.Duration
}

// Do runs work under the key.
func (l *Locker) Do(key string, work func() error) (err error) {
	lease, err := Acquire(l.Backend, key, l.TTL)
	if err != nil {
		return errors.Join(ErrBusy, err)
	}
	defer func() {
		err = errors.Join(err, lease.Release())
	}()
	return work()
}
