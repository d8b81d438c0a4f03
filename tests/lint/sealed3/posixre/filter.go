package posixre

import "net/http"

// Filter serves the lines that match the expression of the query.
func Filter(lines func() []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := Compile(r.FormValue("q"), r.FormValue("i") != "")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		defer p.Close()
		for _, line := range lines() {
			if p.Match(line) {
				w.Write([]byte(line + "\n"))
			}
		}
	}
}
