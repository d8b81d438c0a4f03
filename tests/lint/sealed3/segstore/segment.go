package segstore

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"
)

// segment is a file in memory that lives as long as somebody reads it.
type segment struct {
	name string
	data []byte
	refs atomic.Int32
}

func openSegment(name string) (*segment, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		return nil, errors.New(name + " is empty")
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	s := &segment{name: name, data: data}
	s.refs.Store(1)
	return s, nil
}

func (s *segment) acquire() *segment {
	s.refs.Add(1)
	return s
}

func (s *segment) release() {
	if s.refs.Add(-1) == 0 {
		syscall.Munmap(s.data)
		s.data = nil
	}
}
