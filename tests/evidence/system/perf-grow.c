#include <stdlib.h>
#include <string.h>
static void *kept[4096];
__attribute__((noinline)) static void *make_page(size_t n){ char *p = malloc(n); memset(p, 1, n); return p; }
__attribute__((noinline)) static void load_index(int i){ kept[i] = make_page(100000); }
__attribute__((noinline)) static void read_names(int i){ kept[2048 + i] = make_page(9000); }
int main(void){ for (int i = 0; i < 1500; i++){ load_index(i); if (i % 3 == 0) read_names(i); } return kept[7] == 0; }
