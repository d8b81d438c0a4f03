package stream

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

type Stream struct {
	b   *array.RecordBuilder
	cur arrow.Record
}

func Open(mem memory.Allocator, s *arrow.Schema) *Stream {
	return &Stream{b: array.NewRecordBuilder(mem, s)}
}

// Next makes the next batch and lets the one before go.
func (s *Stream) Next(values []float64) bool {
	if s.cur != nil {
		s.cur.Release()
		s.cur = nil
	}
	if len(values) == 0 {
		return false
	}
	f := s.b.Field(0).(*array.Float64Builder)
	for _, v := range values {
		f.Append(v)
	}
	s.cur = s.b.NewRecord()
	return true
}

func (s *Stream) Record() arrow.Record { return s.cur }

// Take gives the current batch away; the caller releases it.
func (s *Stream) Take() arrow.Record {
	r := s.cur
	s.cur = nil
	return r
}

func (s *Stream) Close() {
	if s.cur != nil {
		s.cur.Release()
	}
	s.b.Release()
}
