package rules

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

type Rule struct {
	Key, Value string
}

// Load reads "key = value" lines.
func Load(path string) ([]Rule, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var out []Rule
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("%s:%d: no equals sign", path, n)
		}
		out = append(out, Rule{strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return out, lines.Err()
}

func Save(path string, rules []Rule) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, r := range rules {
		if _, err := fmt.Fprintf(f, "%s = %s\n", r.Key, r.Value); err != nil {
			return err
		}
	}
	return f.Sync()
}
