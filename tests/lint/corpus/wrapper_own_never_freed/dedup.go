package dedup

import (
	"hash/fnv"

	"example.com/wrapper_own_never_freed/bloom"
)

// Unique gives the lines that did not come before.
func Unique(lines []string) []string {
	f := bloom.New(1 << 20)
	var out []string
	for _, l := range lines {
		h := fnv.New32a()
		h.Write([]byte(l))
		if !f.Has(h.Sum32()) {
			f.Add(h.Sum32())
			out = append(out, l)
		}
	}
	return out
}
