package rest

import (
	"encoding/json"
	"io"
)

// decode reads one value; it does not close.
func decode[T any](r io.Reader) (v T, err error) {
	err = json.NewDecoder(r).Decode(&v)
	return v, err
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
