// Package pixels holds images outside the Go heap.
package pixels

/*
#include <stdlib.h>
#include <string.h>

typedef struct { int width, height; unsigned char *at; } image;

static image *image_new(int w, int h) {
	image *i = malloc(sizeof *i);
	if (!i) return NULL;
	i->width = w; i->height = h; i->at = calloc((size_t)w * h, 4);
	if (!i->at) { free(i); return NULL; }
	return i;
}

static void image_free(image *i) { if (i) { free(i->at); free(i); } }
*/
import "C"

import (
	"errors"
	"io"
	"runtime"
	"unsafe"
)

var ErrMemory = errors.New("pixels: no memory")

type Image struct{ p *C.image }

// New gives a black image; Close it.
func New(w, h int) (*Image, error) {
	p := C.image_new(C.int(w), C.int(h))
	if p == nil {
		return nil, ErrMemory
	}
	i := &Image{p}
	runtime.SetFinalizer(i, (*Image).Close)
	return i, nil
}

func (i *Image) Close() error {
	if i.p == nil {
		return nil
	}
	runtime.SetFinalizer(i, nil)
	C.image_free(i.p)
	i.p = nil
	return nil
}

func (i *Image) Bytes() []byte {
	return unsafe.Slice((*byte)(i.p.at), 4*int(i.p.width)*int(i.p.height))
}

// Load reads raw pixels; the caller closes the image.
func Load(r io.Reader, w, h int) (*Image, error) {
	i, err := New(w, h)
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(r, i.Bytes()); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

func Mean(r io.Reader, w, h int) (float64, error) {
	i, err := Load(r, w, h)
	if err != nil {
		return 0, err
	}
	defer i.Close()
	sum := 0
	for _, b := range i.Bytes() {
		sum += int(b)
	}
	return float64(sum) / float64(4*w*h), nil
}
