package hosts

import (
	"bufio"
	"io"
	"strings"
)

type Host struct {
	IP    string
	Names []string
}

type Table struct {
	byName map[string]Host
	hosts  []Host
}

func (t *Table) Load(r io.Reader) error {
	t.byName = map[string]Host{}
	t.hosts = t.hosts[:0]
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if i := strings.IndexByte(line, '#'); i >= 0 {
			line = line[:i]
		}
		parts := strings.Fields(line)
		if len(parts) < 2 {
			continue
		}
		h := Host{IP: parts[0], Names: parts[1:]}
		t.hosts = append(t.hosts, h)
		for _, n := range h.Names {
			t.byName[n] = h
		}
	}
	return lines.Err()
}

func (t *Table) Lookup(name string) (string, bool) {
	h, ok := t.byName[name]
	return h.IP, ok
}
