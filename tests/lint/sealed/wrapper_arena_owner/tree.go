package tree

/*
#include <stdlib.h>

typedef struct node { int v; struct node *left, *right; } node;

static node *node_new(int v) { node *n = calloc(1, sizeof *n); n->v = v; return n; }
static void node_free(node *n) { if (n) { node_free(n->left); node_free(n->right); free(n); } }
static void node_put(node *root, node *n) {
	for (;;) {
		node **at = n->v < root->v ? &root->left : &root->right;
		if (!*at) { *at = n; return; }
		root = *at;
	}
}
static node *node_left(node *n) { return n->left; }
*/
import "C"

type Node struct{ c *C.node }

// Tree owns its nodes.
type Tree struct{ root *C.node }

func (t *Tree) Insert(v int) {
	n := C.node_new(C.int(v))
	if t.root == nil {
		t.root = n
		return
	}
	C.node_put(t.root, n)
}

func (t *Tree) Root() Node { return Node{t.root} }

func (n Node) Left() (Node, bool) {
	l := C.node_left(n.c)
	return Node{l}, l != nil
}

func (n Node) Value() int { return int(n.c.v) }

func (t *Tree) Close() error {
	C.node_free(t.root)
	t.root = nil
	return nil
}
