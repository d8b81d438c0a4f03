package logship

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// Header is the first line of a segment.
type Header struct {
	Host  string    `json:"host"`
	Start time.Time `json:"start"`
	Lines int       `json:"lines"`
}

// Sink takes the lines of segments.
type Sink interface {
	Known(Header) bool
	Add(host string, line []byte) error
}

// Server takes segments over HTTP.
type Server struct {
	sink Sink
}

// ErrHeader is returned for a segment that does not begin with a header.
var ErrHeader = errors.New("segment has no header")

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.ingest(r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *Server) ingest(r *http.Request) error {
	src, err := unpack(r.Body, Codec(r.Header.Get("Content-Encoding")))
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(src)
	if !lines.Scan() {
		return ErrHeader
	}
	var head Header
	if err := json.Unmarshal(lines.Bytes(), &head); err != nil {
		return errors.Join(ErrHeader, err)
	}
	if s.sink.Known(head) {
		return nil
	}
	for lines.Scan() {
		if err := s.sink.Add(head.Host, lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}
