/* Loads the library that it is given, lets it keep as many things as it is told, and waits. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void (*keep)(int) = library ? (void (*)(int))dlsym(library, "keep") : NULL;

    if (keep == NULL)
        return 1;
    keep(atoi(argv[2]));
    puts("READY");
    fflush(stdout);
    getchar();
    return 0;
}
