package library

import (
	"fmt"
	"os"
	"sync"
)

type Book struct {
	Path  string
	Magic []byte
}

type Shelf struct {
	mu    sync.Mutex
	books []Book
}

// Add looks at a file and remembers its first bytes.
func (s *Shelf) Add(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(raw) < 16 {
		return fmt.Errorf("%s: too short", path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books = append(s.books, Book{path, raw[:16]})
	return nil
}

func (s *Shelf) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.books)
}
