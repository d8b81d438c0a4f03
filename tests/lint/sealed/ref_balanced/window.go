package window

import "github.com/apache/arrow-go/v18/arrow"

type Window struct {
	keep []arrow.Record
	most int
}

func New(most int) *Window { return &Window{most: most} }

// Push keeps the newest batches.
func (w *Window) Push(rec arrow.Record) {
	rec.Retain()
	w.keep = append(w.keep, rec)
	if len(w.keep) > w.most {
		w.keep[0].Release()
		w.keep[0] = nil
		w.keep = w.keep[1:]
	}
}

func (w *Window) Rows() (n int64) {
	for _, r := range w.keep {
		r.Retain()
		n += r.NumRows()
		r.Release()
	}
	return n
}

func (w *Window) Close() {
	for _, r := range w.keep {
		r.Release()
	}
	w.keep = nil
}
