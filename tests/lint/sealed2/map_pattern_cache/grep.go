// Package grepd searches documents with the patterns that people send.
package grepd

import (
	"encoding/json"
	"net/http"
	"regexp"
	"sync"
)

var compiled = struct {
	sync.RWMutex
	m map[string]*regexp.Regexp
}{m: make(map[string]*regexp.Regexp)}

func pattern(text string) (*regexp.Regexp, error) {
	compiled.RLock()
	re, ok := compiled.m[text]
	compiled.RUnlock()
	if ok {
		return re, nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	compiled.Lock()
	compiled.m[text] = re
	compiled.Unlock()
	return re, nil
}

type Index struct {
	docs map[string][]byte
}

func NewIndex(docs map[string][]byte) *Index { return &Index{docs} }

func (x *Index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	re, err := pattern(r.FormValue("q"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	names := []string{}
	for name, text := range x.docs {
		if re.Match(text) {
			names = append(names, name)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(names)
}
