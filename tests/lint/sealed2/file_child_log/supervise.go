// Package supervise starts programs and keeps their output.
package supervise

import (
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

type Supervisor struct {
	dir string
	wg  sync.WaitGroup
}

func New(dir string) *Supervisor { return &Supervisor{dir: dir} }

func (s *Supervisor) Start(name string, args ...string) (*os.Process, error) {
	out, err := os.OpenFile(filepath.Join(s.dir, name+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(name, args...)
	cmd.Stdout = out
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		out.Close()
		return nil, err
	}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		if err := cmd.Wait(); err != nil {
			log.Printf("%s: %v", name, err)
		}
		out.Close()
	}()
	return cmd.Process, nil
}

func (s *Supervisor) Wait() { s.wg.Wait() }
