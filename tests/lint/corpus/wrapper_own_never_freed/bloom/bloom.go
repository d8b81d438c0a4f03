package bloom

/*
#include <stdint.h>
#include <stdlib.h>

typedef struct { uint8_t *bits; uint32_t n; } bloom_t;

static bloom_t *bloom_new(uint32_t n) {
	bloom_t *b = malloc(sizeof *b);
	b->bits = calloc(n, 1); b->n = n;
	return b;
}
static void bloom_free(bloom_t *b) { free(b->bits); free(b); }
static void bloom_add(bloom_t *b, uint32_t h) { b->bits[h % b->n] = 1; }
static int bloom_has(bloom_t *b, uint32_t h) { return b->bits[h % b->n]; }
*/
import "C"

// Filter lives in C; Free gives it back.
type Filter struct {
	c *C.bloom_t
}

func New(bits uint32) *Filter { return &Filter{c: C.bloom_new(C.uint32_t(bits))} }

func (f *Filter) Add(h uint32)      { C.bloom_add(f.c, C.uint32_t(h)) }
func (f *Filter) Has(h uint32) bool { return C.bloom_has(f.c, C.uint32_t(h)) != 0 }

func (f *Filter) Free() {
	C.bloom_free(f.c)
	f.c = nil
}
