package model

/*
#include <stdlib.h>

typedef struct { float *w; int n; } model_t;
static model_t *model_load(int n) { model_t *m = malloc(sizeof *m); m->w = calloc(n, sizeof(float)); m->n = n; return m; }
static void model_free(model_t *m) { free(m->w); free(m); }
static float model_score(model_t *m, int i) { return m->w[i % m->n]; }
*/
import "C"

import "runtime"

type Model struct{ c *C.model_t }

func Load(size int) *Model {
	m := &Model{c: C.model_load(C.int(size))}
	runtime.AddCleanup(m, func(c *C.model_t) { C.model_free(c) }, m.c)
	return m
}

func (m *Model) Score(i int) float32 {
	defer runtime.KeepAlive(m)
	return float32(C.model_score(m.c, C.int(i)))
}
