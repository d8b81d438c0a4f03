// Loads a library of Go's at the first line that it reads, and calls it once for each: its first argument is the library.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    char line[64];
    void (*work)(int) = NULL;

    puts("READY");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (work == NULL) {
            void *library = dlopen(count > 1 ? words[1] : "", RTLD_NOW);

            work = library ? (void (*)(int))dlsym(library, "Work") : NULL;
        }
        if (work == NULL)
            return 2;
        work(atoi(line));
        puts("DONE");
        fflush(stdout);
    }
    _Exit(0);
}
