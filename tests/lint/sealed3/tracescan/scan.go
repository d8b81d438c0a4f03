package tracescan

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Mark is a span that took long.
type Mark struct {
	Trace string
	Name  string
	Tail  []byte
}

// Catalog keeps the marks of the files that were read.
type Catalog struct {
	marks []Mark
	room  int
	names map[string]string
}

// NewCatalog keeps at most room marks.
func NewCatalog(room int) *Catalog {
	return &Catalog{room: room, names: make(map[string]string)}
}

var slow = regexp.MustCompile(`(?m)^trace=([0-9a-f]{32}) span=(\S+) slow$`)

// ErrFull is returned when there is no more room.
var ErrFull = errors.New("catalog is full")

// Read adds the marks of the file.
func (c *Catalog) Read(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(raw)
	for _, at := range slow.FindAllStringSubmatchIndex(text, -1) {
		if len(c.marks) == c.room {
			return fmt.Errorf("%s: %w", path, ErrFull)
		}
		c.marks = append(c.marks, Mark{
			Trace: strings.Clone(text[at[2]:at[3]]),
			Name:  c.intern(text[at[4]:at[5]]),
			Tail:  bytes.Clone(raw[max(0, at[0]-200):at[0]]),
		})
	}
	return nil
}

func (c *Catalog) intern(name string) string {
	if known, ok := c.names[name]; ok {
		return known
	}
	name = strings.Clone(name)
	if len(c.names) < 500 {
		c.names[name] = name
	}
	return name
}

// Prefix returns the first n bytes of a file.
func Prefix(path string, n int) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, min(n, len(raw)))
	copy(head, raw)
	return head, nil
}

// Traces returns the traces that have marks.
func (c *Catalog) Traces() []string {
	var out []string
	for _, m := range c.marks {
		out = append(out, m.Trace)
	}
	return out
}
