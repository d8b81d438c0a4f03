// Package logsearch looks for a line in logs of any size.
package logsearch

import (
	"bufio"
	"io"
	"os"
	"strings"
)

type Line struct {
	Number int
	Text   string
}

// lines reads in the background, so that the search need not wait for the disk.
func lines(r io.ReadCloser) <-chan Line {
	out := make(chan Line)
	go func() {
		defer r.Close()
		defer close(out)
		s := bufio.NewScanner(r)
		for n := 1; s.Scan(); n++ {
			out <- Line{n, s.Text()}
		}
	}()
	return out
}

// First gives the first line that has the text.
func First(path, text string) (Line, bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return Line{}, false, err
	}
	for l := range lines(f) {
		if strings.Contains(l.Text, text) {
			return l, true, nil
		}
	}
	return Line{}, false, nil
}
