package ring

/*
#include <stdlib.h>

struct owned { char *name; struct owned *next; };
static struct owned *kept;

// keep owns name from here on.
static void keep(char *name) {
	struct owned *e = malloc(sizeof *e);
	e->name = name; e->next = kept; kept = e;
}
static void drop_all(void) {
	while (kept) { struct owned *e = kept; kept = e->next; free(e->name); free(e); }
}
*/
import "C"

import "fmt"

// Remember hands the name to C, which frees it in Forget.
func Remember(name string) { C.keep(C.CString(name)) }

func Forget() { C.drop_all() }

// Demo makes a ring for one line of text.
func Demo(text string) string {
	r := New("demo", 4096)
	defer r.Close()
	copy(r.Bytes(), text)
	return fmt.Sprint(r.Name(), len(text))
}
