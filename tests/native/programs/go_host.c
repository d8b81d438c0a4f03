// Loads a library of Go's and calls it once for each line: its first argument is the library.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    char line[64];
    void *library = dlopen(count > 1 ? words[1] : "", RTLD_NOW);
    void (*work)(int) = library ? (void (*)(int))dlsym(library, "Work") : NULL;

    if (work == NULL)
        return 2;
    puts("READY");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        work(atoi(line));
        puts("DONE");
        fflush(stdout);
    }
    _Exit(0);
}
