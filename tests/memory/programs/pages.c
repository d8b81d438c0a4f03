/* Memory in one state each, told by its first argument; prints where, then waits. Dies with its parent. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MIB (1ul << 20)
#define PAGE 4096ul

static volatile char seen;

static char *map(size_t size, int protection, int flags, int fd)
{
    char *at = mmap(NULL, size, protection, flags | MAP_NORESERVE, fd, 0);

    if (at == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return at;
}

static char *plain(size_t size)
{
    return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void look(const char *at, size_t size)
{
    for (size_t i = 0; i < size; i += PAGE)
        seen = at[i];
}

static void child(char *at, size_t written)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        memset(at, 2, written);
        printf("child %d\n", getpid());
        fflush(stdout);
        pause();
        exit(0);
    }
}

int main(int argc, char **argv)
{
    const char *state = argc > 1 ? argv[1] : "";
    size_t size = 16 * MIB;
    char *at = NULL;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!strcmp(state, "every-other-page")) {
        at = plain(size);
        for (size_t i = 0; i < size; i += 2 * PAGE)
            at[i] = 1;
    } else if (!strcmp(state, "sparse")) {
        at = plain(64ul << 30);
        for (size_t i = 0; i < 64ul << 30; i += 64 * MIB)
            at[i] = 1;
    } else if (!strcmp(state, "reserved")) {
        at = map(1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    } else if (!strcmp(state, "forked") || !strcmp(state, "zero-forked")) {
        at = plain(size);
        if (state[0] == 'z')
            look(at, size);
        memset(at, 1, size / 2);
        child(at, size / 8);
    } else if (!strcmp(state, "shared")) {
        at = map(size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
        memset(at, 1, size / 2);
        child(at, size / 4);
    } else if (!strcmp(state, "huge")) {
        at = plain(size);
        madvise(at, size, MADV_HUGEPAGE);
        memset(at, 1, size / 2);
    } else if (!strcmp(state, "huge-zero")) {
        at = plain(size);
        madvise(at, size, MADV_HUGEPAGE);
        look(at, size);
        at[8 * MIB] = 1;
    } else if (!strcmp(state, "zero")) {
        at = plain(size);
        look(at, size);
        memset(at, 1, size / 4);
    } else if (!strcmp(state, "file")) {
        at = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, open(argv[2], O_RDONLY));
        look(at, size / 2);
        memset(at, 1, size / 4);
    } else if (!strcmp(state, "locked")) {
        at = plain(MIB);
        if (mlock(at, MIB) != 0)
            at[0] = 1;
    } else if (!strcmp(state, "lazily-freed") || !strcmp(state, "given-back")) {
        at = plain(size);
        memset(at, 1, size);
        madvise(at, size / 2, state[0] == 'l' ? MADV_FREE : MADV_DONTNEED);
    } else if (!strcmp(state, "many")) {
        for (int i = 0; i < 2000; i++) {
            at = map(2 * PAGE, PROT_READ | PROT_WRITE | (i & 1 ? PROT_EXEC : 0), MAP_PRIVATE | MAP_ANONYMOUS, -1);
            at[0] = 1;
        }
    }
    printf("at %p\n", (void *)at);
    fflush(stdout);
    pause();
    return 0;
}
