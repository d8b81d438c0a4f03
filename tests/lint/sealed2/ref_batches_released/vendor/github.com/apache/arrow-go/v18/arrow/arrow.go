// Package arrow holds the names that the corpus uses.
package arrow

type Schema struct{ fields []string }

func (s *Schema) Equal(o *Schema) bool { return len(s.fields) == len(o.fields) }

type Record interface {
	Retain()
	Release()
	Schema() *Schema
	NumRows() int64
	NewSlice(i, j int64) Record
}

type Table interface {
	Retain()
	Release()
	Schema() *Schema
	NumRows() int64
}
