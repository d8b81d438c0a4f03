package mirror

import (
	"io"
	"net/http"
	"os"
)

func closeInto(c io.Closer, err *error) {
	if cerr := c.Close(); cerr != nil && *err == nil {
		*err = cerr
	}
}

func Download(url, path string) (n int64, err error) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer closeInto(resp.Body, &err)
	out, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := out.Close(); cerr != nil && err == nil {
			err = cerr
		}
	}()
	return io.Copy(out, resp.Body)
}
