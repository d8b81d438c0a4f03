package crashindex

import (
	"io"
	"net/http"
	"sync"
)

// Index knows the last crashes.
type Index struct {
	mu    sync.Mutex
	last  [20000]*Report
	next  int
	total int
}

func (x *Index) add(r *Report) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last[x.next] = r
	x.next = (x.next + 1) % len(x.last)
	x.total++
}

// ServeHTTP takes a report.
func (x *Index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	report, err := Parse(string(raw))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	x.add(report)
	w.WriteHeader(http.StatusNoContent)
}

// ByBuild counts the last crashes of each build.
func (x *Index) ByBuild() map[string]int {
	x.mu.Lock()
	defer x.mu.Unlock()
	counts := map[string]int{}
	for _, r := range x.last {
		if r != nil {
			counts[r.Build]++
		}
	}
	return counts
}
