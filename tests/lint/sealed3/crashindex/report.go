package crashindex

import (
	"errors"
	"strings"
)

// Report is what an application sends when it crashed: a head of a few lines and the whole log after it.
type Report struct {
	Build   string
	Device  string
	Reason  string
	Threads int
}

// ErrHead is returned for a report without a head.
var ErrHead = errors.New("crashindex: report has no head")

func value(head, name string) string {
	_, rest, ok := strings.Cut(head, name+": ")
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// Parse reads the head of a report.
func Parse(text string) (*Report, error) {
	head, log, ok := strings.Cut(text, "\n\n")
	if !ok {
		return nil, ErrHead
	}
	r := &Report{
		Build:   value(head, "build"),
		Device:  value(head, "device"),
		Reason:  value(head, "reason"),
		Threads: strings.Count(log, "\n--- thread "),
	}
	if r.Build == "" {
		return nil, ErrHead
	}
	return r, nil
}
