package merge

import (
	"bufio"
	"errors"
	"io"
	"os"
)

type closers []io.Closer

func (cs closers) Close() error {
	var errs []error
	for i := len(cs) - 1; i >= 0; i-- {
		errs = append(errs, cs[i].Close())
	}
	return errors.Join(errs...)
}

// Lines hands every line of every file to visit.
func Lines(paths []string, visit func(string)) (err error) {
	var open closers
	defer func() { err = errors.Join(err, open.Close()) }()
	readers := make([]io.Reader, 0, len(paths))
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		open = append(open, f)
		readers = append(readers, f)
	}
	lines := bufio.NewScanner(io.MultiReader(readers...))
	for lines.Scan() {
		visit(lines.Text())
	}
	return lines.Err()
}
