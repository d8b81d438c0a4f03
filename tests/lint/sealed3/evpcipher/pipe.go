package evpcipher

import "io"

// Writer encrypts what is written and hands it on.
type Writer struct {
	enc *Encrypter
	to  io.WriteCloser
}

// NewWriter makes a writer that owns to.
func NewWriter(to io.WriteCloser, key, nonce []byte) (*Writer, error) {
	enc, err := NewEncrypter(key, nonce)
	if err != nil {
		return nil, err
	}
	return &Writer{enc: enc, to: to}, nil
}

func (w *Writer) Write(p []byte) (int, error) {
	out := make([]byte, len(p))
	if err := w.enc.Apply(out, p); err != nil {
		return 0, err
	}
	return w.to.Write(out)
}

// Close ends the stream.
func (w *Writer) Close() error {
	w.enc.Close()
	return w.to.Close()
}
