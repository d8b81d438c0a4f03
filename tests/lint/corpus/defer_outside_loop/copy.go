package copyall

import (
	"errors"
	"io"
	"os"
	"sync"
)

type Copier struct {
	src, dst sync.Mutex
	done     []string
}

func (c *Copier) one(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
}

func (c *Copier) All(pairs map[string]string) (err error) {
	for _, mu := range []*sync.Mutex{&c.src, &c.dst} {
		mu.Lock()
		defer mu.Unlock()
	}
	for from, to := range pairs {
		if e := c.one(from, to); e != nil {
			err = errors.Join(err, e)
			continue
		}
		c.done = append(c.done, to)
	}
	return err
}

func Same(paths []string) (bool, error) {
	files := make([]*os.File, 0, len(paths))
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return false, err
		}
		files = append(files, f)
	}
	var size int64 = -1
	for _, f := range files {
		st, err := f.Stat()
		if err != nil {
			return false, err
		}
		if size >= 0 && st.Size() != size {
			return false, nil
		}
		size = st.Size()
	}
	return true, nil
}
