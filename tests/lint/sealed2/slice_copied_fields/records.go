// Package spool keeps what it must know of large files.
package spool

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"sync"
)

var ErrShort = errors.New("spool: too short")

type Entry struct {
	ID     [16]byte
	Name   string
	Sender string
	Sum    []byte
	Head   []byte
}

type Spool struct {
	mu      sync.Mutex
	entries map[string]Entry
}

func New() *Spool { return &Spool{entries: make(map[string]Entry)} }

// Add reads a message and remembers its head.
func (s *Spool) Add(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(data) < 64 {
		return ErrShort
	}
	e := Entry{Head: bytes.Clone(data[:64])}
	copy(e.ID[:], data[8:24])
	size := int(binary.BigEndian.Uint16(data[24:]))
	if 26+size > len(data) {
		return ErrShort
	}
	e.Name = string(data[26 : 26+size])
	if at := bytes.Index(data, []byte("\nFrom: ")); at >= 0 {
		line, _, _ := strings.Cut(string(data[at+7:min(at+307, len(data))]), "\n")
		e.Sender = strings.Clone(line)
	}
	sum := sha256.Sum256(data)
	e.Sum = sum[:]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[path] = e
	return nil
}

func (s *Spool) Remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, path)
}
