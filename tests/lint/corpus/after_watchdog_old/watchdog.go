package watchdog

import (
	"fmt"
	"io"
	"time"
)

type Frame struct {
	Seq  uint64
	Data []byte
}

type Reader struct {
	frames <-chan Frame
	errs   <-chan error
	limit  time.Duration
}

// Copy writes frames to w until one is missing for too long.
func (r *Reader) Copy(w io.Writer) (n int64, err error) {
	var want uint64
recv:
	for {
		expired := time.After(r.limit)
		for {
			select {
			case f := <-r.frames:
				if f.Seq < want {
					continue
				}
				want = f.Seq + 1
				m, err := w.Write(f.Data)
				n += int64(m)
				if err != nil {
					return n, err
				}
				continue recv
			case err := <-r.errs:
				return n, err
			case <-expired:
				return n, fmt.Errorf("frame %d: nothing for %v", want, r.limit)
			}
		}
	}
}
