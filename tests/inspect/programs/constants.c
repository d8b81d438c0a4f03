/* Two tables in a library's data: one of numbers that its file brings along, and that are addresses of blocks by chance, and one
 * that the program fills. constants LIBRARY: writes such numbers into the file, loads it, forgets the blocks, says ready with
 * the bytes that nothing holds, waits for stdin to end. -DLIBRARY: the library itself. */
#define MANY 50
#define MARK 0x6d656d7768792121 /* so that the table can be found in the file, and no zero is left out of it */

#ifdef LIBRARY
volatile unsigned long brought[MANY] = {[0] = MARK, [1 ... MANY - 1] = 1};
volatile unsigned long filled[MANY] = {[0 ... MANY - 1] = 1};
#else
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t size;

static __attribute__((noinline)) unsigned long block(void)
{
    void *made = memset(malloc(4000), 1, 4000);
    size += malloc_usable_size(made) + 8;
    return (unsigned long)made;
}

static __attribute__((noinline)) int write_numbers(const char *path)
{
    unsigned long mark = MARK, numbers[MANY];
    struct stat status;
    int file = open(path, O_RDWR), result = 1;
    char *all, *place;

    if (file < 0 || fstat(file, &status) || (all = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, file, 0)) == MAP_FAILED)
        return 1;
    place = memmem(all, status.st_size, &mark, sizeof mark);
    if (place != NULL) {
        for (int i = 0; i < MANY; i++)
            numbers[i] = block();
        result = pwrite(file, numbers, sizeof numbers, place - all) != sizeof numbers;
        memset(numbers, 0, sizeof numbers);
        __asm__ volatile("" : : "r"(numbers) : "memory");
    }
    munmap(all, status.st_size);
    close(file);
    return result;
}

static __attribute__((noinline)) void fill(volatile unsigned long *filled)
{
    size_t lost = size;
    for (int i = 0; i < MANY; i++)
        filled[i] = block();
    size = lost;
}

int main(int count, char **arguments)
{
    void *library;

    if (count < 2 || write_numbers(arguments[1]) || (library = dlopen(arguments[1], RTLD_NOW)) == NULL)
        return 1;
    fill(dlsym(library, "filled"));
    printf("ready %zu\n", size);
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}
#endif
