package archive

import (
	"io"

	"github.com/valyala/gozstd"
)

// Compress writes src to dst.
func Compress(dst io.Writer, src io.Reader) error {
	w := gozstd.NewWriter(dst)
	if _, err := io.Copy(w, src); err != nil {
		return err
	}
	return w.Close()
}

// Expand gives back what it took.
func Expand(dst io.Writer, src io.Reader) error {
	r := gozstd.NewReader(src)
	defer r.Release()
	_, err := io.Copy(dst, r)
	return err
}
