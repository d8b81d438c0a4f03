package tail

import (
	"bytes"
	"os"
	"time"
)

type Status struct {
	When time.Time
	Last []byte
}

type Watcher struct {
	path    string
	history [1440]Status
	n       int
}

func New(path string) *Watcher { return &Watcher{path: path} }

// Look keeps the last line of the log, once a minute.
func (w *Watcher) Look() error {
	data, err := os.ReadFile(w.path)
	if err != nil {
		return err
	}
	last := data[bytes.LastIndexByte(bytes.TrimSpace(data), '\n')+1:]
	w.history[w.n%len(w.history)] = Status{When: time.Now(), Last: last}
	w.n++
	return nil
}
