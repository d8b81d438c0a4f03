// Odds-server serves gzip-encoded pages of odds on loopback: the web that odds-scraper reads.
//
// /race/N is one of the pages by N. A share of the races is cancelled: the same tables under another title.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"

	"example.org/specimens/internal/stage"
)

func main() {
	cancelled := flag.Float64("cancelled", 0.08, "`SHARE` of the races that are cancelled, 0 to 1")
	count := flag.Int("pages", 48, "number of different pages")
	listen := flag.String("listen", "127.0.0.1:0", "`HOST:PORT` to serve on")
	run := stage.Open(1, "not used")
	if *cancelled < 0 || *cancelled > 1 || *count < 1 {
		run.Fail("-cancelled lies between 0 and 1, -pages is at least 1")
	}

	site := newSite(*count, *cancelled)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /race/{number}", site.serveRace)
	listener, err := net.Listen("tcp", *listen)
	run.Must(err)
	run.Ready("server=http://" + listener.Addr().String())
	run.Must(http.Serve(listener, mux))
}

// A site holds all pages, encoded beforehand: what serving costs is none of the scraper's business.
type site struct {
	running, off [][]byte
	cancelled    float64
}

func newSite(count int, cancelled float64) *site {
	site := &site{cancelled: cancelled}
	random := rand.New(rand.NewPCG(2019, 11))
	for page := range count {
		body := tables(random, 9+page%18) // 20 to 60 KiB
		site.running = append(site.running, encode("Race odds", body))
		site.off = append(site.off, encode("Race cancelled", body))
	}
	return site
}

func (s *site) serveRace(answer http.ResponseWriter, request *http.Request) {
	race, err := strconv.Atoi(request.PathValue("number"))
	if err != nil || race < 0 {
		http.Error(answer, "a race has a number", http.StatusBadRequest)
		return
	}
	pages := s.running
	if s.isOff(race) {
		pages = s.off
	}
	page := pages[race%len(pages)]
	answer.Header().Set("Content-Type", "text/html; charset=utf-8")
	answer.Header().Set("Content-Encoding", "gzip")
	answer.Header().Set("Content-Length", strconv.Itoa(len(page)))
	answer.Write(page)
}

// isOff spreads the cancelled races evenly, so that a leak on them is steady.
func (s *site) isOff(race int) bool {
	return int(float64(race+1)*s.cancelled) > int(float64(race)*s.cancelled)
}

func tables(random *rand.Rand, runners int) string {
	var page strings.Builder
	for _, market := range []string{"win", "place", "each way"} {
		fmt.Fprintf(&page, "<h2>%s</h2>\n<table class=\"odds\">\n", market)
		for runner := range runners {
			fmt.Fprintf(&page, "<tr><th scope=row>%d. Runner %c of a stable with a long name<br><i>%s</i></th>\n",
				runner+1, 'A'+runner, strings.Repeat("form 1-4-2, carried 57 kg; ", 12))
			for range 24 {
				fmt.Fprintf(&page, "<td>%.2f</td>", 1.01+random.ExpFloat64()*8)
			}
			page.WriteString("</tr>\n")
		}
		page.WriteString("</table>\n")
	}
	return page.String()
}

func encode(title, body string) []byte {
	var encoded bytes.Buffer
	writer := gzip.NewWriter(&encoded)
	fmt.Fprintf(writer, "<!DOCTYPE html>\n<html><head><title>%s</title></head><body>\n%s</body></html>\n", title, body)
	writer.Close()
	return encoded.Bytes()
}
