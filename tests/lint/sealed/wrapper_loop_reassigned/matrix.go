package matrix

/*
#include <stdlib.h>
#include <string.h>

typedef struct { double *v; int n; } mat;

static mat *mat_new(int n) {
	mat *m = malloc(sizeof *m);
	m->v = calloc((size_t)n * n, sizeof(double)); m->n = n;
	return m;
}
static mat *mat_mul(const mat *a, const mat *b) {
	mat *m = mat_new(a->n);
	for (int i = 0; i < a->n; i++) for (int j = 0; j < a->n; j++) for (int k = 0; k < a->n; k++)
		m->v[i * a->n + j] += a->v[i * a->n + k] * b->v[k * a->n + j];
	return m;
}
static void mat_del(mat *m) { free(m->v); free(m); }
static double mat_at(const mat *m, int i, int j) { return m->v[i * m->n + j]; }
static void mat_set(mat *m, int i, int j, double v) { m->v[i * m->n + j] = v; }
*/
import "C"

type Matrix struct{ p *C.mat }

func New(n int) *Matrix { return &Matrix{C.mat_new(C.int(n))} }

func (m *Matrix) Mul(o *Matrix) *Matrix { return &Matrix{C.mat_mul(m.p, o.p)} }

func (m *Matrix) At(i, j int) float64 { return float64(C.mat_at(m.p, C.int(i), C.int(j))) }

func (m *Matrix) Set(i, j int, v float64) { C.mat_set(m.p, C.int(i), C.int(j), C.double(v)) }

func (m *Matrix) Destroy() {
	if m.p != nil {
		C.mat_del(m.p)
		m.p = nil
	}
}
