package index

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
)

type Index map[string]int

// Build counts the words of all text files below dir.
func Build(dir string) (Index, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	ix := Index{}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		words := bufio.NewScanner(f)
		words.Split(bufio.ScanWords)
		for words.Scan() {
			ix[strings.ToLower(words.Text())]++
		}
		if err := words.Err(); err != nil {
			return nil, err
		}
	}
	return ix, nil
}
