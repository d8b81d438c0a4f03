package jsonrender

import (
	"bytes"
	"encoding/json"
	"sync"
)

type encoder struct {
	buf bytes.Buffer
	enc *json.Encoder
}

var encoders = sync.Pool{
	New: func() any {
		e := new(encoder)
		e.enc = json.NewEncoder(&e.buf)
		e.enc.SetEscapeHTML(false)
		return e
	},
}

func borrow() *encoder {
	return encoders.Get().(*encoder)
}

func (e *encoder) giveBack() {
	e.buf.Reset()
	encoders.Put(e)
}
