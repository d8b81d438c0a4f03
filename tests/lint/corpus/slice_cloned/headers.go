package headers

import (
	"bytes"
	"io"
	"os"
	"strings"
)

type Entry struct {
	Magic []byte
	Title string
	Tail  []byte
	Kind  string
}

var entries = map[string]Entry{}

func Keep(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil || len(raw) < 64 {
		return err
	}
	text := string(raw)
	tail := make([]byte, 8)
	copy(tail, raw[len(raw)-8:])
	entries[path] = Entry{
		Magic: bytes.Clone(raw[:8]),
		Title: strings.Clone(text[8:40]),
		Tail:  tail,
		Kind:  string(raw[40:44]),
	}
	return nil
}

func Forget(path string) { delete(entries, path) }

var first []byte

func First(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	first = append([]byte(nil), raw[:min(len(raw), 4)]...)
	return nil
}
