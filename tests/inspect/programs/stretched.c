// One block that realloc stretches for every line of input; mremap(2) moves it as it likes. Answers "ready".
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	size_t size = 1 << 20, step = 1 << 20;
	char *block = memset(malloc(size), 1, size), line[16];
	do {
		block = realloc(block, size + step);
		memset(block + size, 1, step);
		size += step;
		puts("ready");
		fflush(stdout);
	} while (fgets(line, sizeof line, stdin));
	return block[0] == 0;
}
