package spool

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

const small = 1 << 20

type Spool struct {
	mem  bytes.Buffer
	file *os.File
}

// Fill keeps small bodies in memory and writes large ones to a file.
func Fill(r io.Reader, most int64) (*Spool, error) {
	s := &Spool{}
	n, err := io.CopyN(&s.mem, r, small)
	if err == io.EOF {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "spool-*")
	if err != nil {
		return nil, err
	}
	m, err := io.Copy(f, io.LimitReader(r, most-n+1))
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	if n+m > most {
		return nil, fmt.Errorf("spool: more than %d bytes", most)
	}
	s.file = f
	return s, nil
}

func (s *Spool) Close() error {
	if s.file == nil {
		return nil
	}
	defer os.Remove(s.file.Name())
	return s.file.Close()
}
