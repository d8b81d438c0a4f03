package ccodec

/*
#include <stdlib.h>

typedef struct { int level; } codec_t;
static codec_t *codec_new(int level) { codec_t *c = malloc(sizeof *c); c->level = level; return c; }
static void codec_free(codec_t *c) { free(c); }
static int codec_size(codec_t *c, int n) { return c->level ? n / c->level : n; }
*/
import "C"

import (
	"errors"
	"io"
)

type Sizer interface {
	io.Closer
	Size(n int) int
}

var ErrLevel = errors.New("ccodec: level")

type codec struct{ c *C.codec_t }

func newCodec(level int) *codec { return &codec{C.codec_new(C.int(level))} }

func (c *codec) Size(n int) int { return int(C.codec_size(c.c, C.int(n))) }

func (c *codec) Close() error {
	if c.c != nil {
		C.codec_free(c.c)
		c.c = nil
	}
	return nil
}

func Open(level int) (Sizer, error) {
	c := newCodec(level)
	if c.Size(1024) == 0 {
		c.Close()
		return nil, ErrLevel
	}
	return c, nil
}
