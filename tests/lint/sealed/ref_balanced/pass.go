package window

import "github.com/apache/arrow-go/v18/arrow"

// Tee hands a batch to two consumers; each releases its own.
func Tee(in <-chan arrow.Record, a, b chan<- arrow.Record) {
	defer close(a)
	defer close(b)
	for rec := range in {
		rec.Retain()
		a <- rec
		b <- rec
	}
}

func Count(in <-chan arrow.Record) (n int64) {
	for rec := range in {
		n += rec.NumRows()
		rec.Release()
	}
	return n
}

func Slice(rec arrow.Record, n int64) int64 {
	part := rec.NewSlice(0, n)
	defer part.Release()
	return part.NumRows()
}
