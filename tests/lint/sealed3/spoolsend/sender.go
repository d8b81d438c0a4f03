package spoolsend

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Uploader takes the bytes of a spooled file.
type Uploader interface {
	Upload(ctx context.Context, name string, r io.Reader) error
}

// Sender uploads what others put into a folder.
type Sender struct {
	Dir   string
	To    Uploader
	Every time.Duration
	log   *slog.Logger
}

// NewSender makes a sender.
func NewSender(dir string, to Uploader, log *slog.Logger) *Sender {
	return &Sender{Dir: dir, To: to, Every: 5 * time.Second, log: log}
}

// Run uploads until ctx is done.
func (s *Sender) Run(ctx context.Context, ready <-chan string) error {
	for {
		var name string
		select {
		case name = <-ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		path := filepath.Join(s.Dir, filepath.Base(name))
		f, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		defer f.Close()
		if err := s.To.Upload(ctx, name, bufio.NewReader(f)); err != nil {
			s.log.Warn("upload failed", "name", name, "err", err)
			continue
		}
		if err := os.Remove(path); err != nil {
			s.log.Warn("file stays", "name", name, "err", err)
		}
	}
}

// Backlog returns the names that wait.
func (s *Sender) Backlog() ([]string, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
