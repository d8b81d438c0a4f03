package spoolfile

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Writer writes to a file and takes a new one when it is full.
type Writer struct {
	dir   string
	limit int64

	mu   sync.Mutex
	file *os.File
	buf  *bufio.Writer
	size int64
	seq  int
}

// NewWriter makes a writer of files below dir.
func NewWriter(dir string, limit int64) (*Writer, error) {
	w := &Writer{dir: dir, limit: limit}
	return w, w.turn()
}

func (w *Writer) turn() error {
	if err := w.shut(); err != nil {
		return err
	}
	w.seq++
	name := fmt.Sprintf("%s-%04d.log", time.Now().Format("20060102"), w.seq)
	f, err := os.OpenFile(filepath.Join(w.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	w.file, w.buf, w.size = f, bufio.NewWriter(f), 0
	return nil
}

func (w *Writer) shut() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.buf.Flush(), w.file.Close())
	w.file, w.buf = nil, nil
	return err
}

// Write writes p to the file of the hour.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return 0, os.ErrClosed
	}
	if w.size+int64(len(p)) > w.limit {
		if err := w.turn(); err != nil {
			return 0, err
		}
	}
	n, err := w.buf.Write(p)
	w.size += int64(n)
	return n, err
}

// Close ends the writer.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shut()
}

// Lines counts the lines of a file that was written.
func Lines(path string) (n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	s := bufio.NewScanner(f)
	for s.Scan() {
		n++
	}
	return n, s.Err()
}
