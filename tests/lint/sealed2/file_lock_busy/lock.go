// Package pidlock keeps a second instance from starting.
package pidlock

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

var ErrBusy = errors.New("pidlock: held by another process")

type Lock struct{ f *os.File }

// Acquire takes the lock or says who has it.
func Acquire(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("pidlock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrBusy
		}
		return nil, err
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.WriteString(strconv.Itoa(os.Getpid())); err != nil {
		f.Close()
		return nil, err
	}
	return &Lock{f}, nil
}

func (l *Lock) Release() error {
	defer l.f.Close()
	return os.Remove(l.f.Name())
}

// Wait tries until the lock is free.
func Wait(path string, every time.Duration) (*Lock, error) {
	for {
		l, err := Acquire(path)
		if !errors.Is(err, ErrBusy) {
			return l, err
		}
		time.Sleep(every)
	}
}
