// Package feeds looks at feeds that people upload.
package feeds

import (
	"fmt"
	"io"
	"net/http"

	"example.com/wrapper_parser_bad_input/expat"
)

// Count answers with the number of elements.
func Count(w http.ResponseWriter, r *http.Request) {
	p := expat.NewParser()
	buf := make([]byte, 16<<10)
	for {
		n, err := r.Body.Read(buf)
		if err != nil && err != io.EOF {
			p.Free()
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if bad := p.Feed(buf[:n], err == io.EOF); bad != nil {
			http.Error(w, bad.Error(), http.StatusUnprocessableEntity)
			return
		}
		if err == io.EOF {
			break
		}
	}
	fmt.Fprintln(w, p.Elements())
	p.Free()
}
