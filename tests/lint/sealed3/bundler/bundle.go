package bundler

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Bundle writes the files below dir to an archive.
func Bundle(w io.Writer, dir string, names []string) (err error) {
	z := zip.NewWriter(w)
	defer func() { err = errors.Join(err, z.Close()) }()
	for _, name := range names {
		err := func() error {
			in, err := os.Open(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			defer in.Close()
			out, err := z.Create(filepath.ToSlash(name))
			if err != nil {
				return err
			}
			_, err = io.Copy(out, in)
			return err
		}()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func extract(member *zip.File, dir string) (err error) {
	in, err := member.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(dir, filepath.Base(member.Name)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// Unbundle writes the members of the archive to dir.
func Unbundle(archive, dir string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, member := range z.File {
		if err := extract(member, dir); err != nil {
			return err
		}
	}
	return nil
}

// Shelf has archives that are open.
type Shelf struct {
	mu sync.Mutex
}

// Find returns the text of the member from the first archive that has it.
func (s *Shelf) Find(archives []string, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, archive := range archives {
		if !strings.HasSuffix(archive, ".zip") {
			continue
		}
		z, err := zip.OpenReader(archive)
		if err != nil {
			return "", err
		}
		f, err := z.Open(name)
		if err != nil {
			z.Close()
			continue
		}
		defer z.Close()
		defer f.Close()
		text, err := io.ReadAll(f)
		return string(text), err
	}
	return "", os.ErrNotExist
}
