package evpdigest

import (
	"encoding/hex"
	"io"
	"net/http"
)

// Tags serves files below a folder with their digest as the tag.
type Tags struct {
	Dir http.Dir
}

func tag(r io.Reader) (string, error) {
	h, err := New("SHA2-256")
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return `"` + hex.EncodeToString(h.Sum()) + `"`, nil
}

func (t *Tags) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, err := t.Dir.Open(r.URL.Path)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	etag, err := tag(f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("ETag", etag)
	http.ServeContent(w, r, info.Name(), info.ModTime(), f)
}
