/* A server whose answers prove that its memory is sound, and the clients that ask it.
 *
 *   served serve [signals]   a thread for each connection; "SEED COUNT\n" is answered with a checksum of COUNT steps of allocation, each
 *                            block filled, looked at again and freed; with `signals` every thread is interrupted a thousand times a second
 *   served ask PORT THREADS  asks until standard input ends, then prints "asked N failed M"
 *
 * Both compute the same sums: a block that was lost, shared or cut makes a wrong answer. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { LIVE = 64, KINDS = 9 };

struct block {
    unsigned char *at;
    size_t bytes;
    unsigned char mark;
    int mapped;
};

static uint64_t drawn(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int is_whole(const struct block *block)
{
    if (block->at == NULL)
        return 1;
    return block->at[0] == block->mark && block->at[block->bytes / 2] == block->mark && block->at[block->bytes - 1] == block->mark;
}

static void drop(struct block *block)
{
    if (block->mapped)
        munmap(block->at, block->bytes);
    else
        free(block->at);
    block->at = NULL;
    block->mapped = 0;
}

static int take(struct block *block, uint64_t kind, size_t bytes)
{
    void *made = NULL;
    size_t alignment = (size_t)16 << (bytes % 6);

    if (kind == 3 && block->at != NULL && !block->mapped) {
        made = realloc(block->at, bytes);
        if (made == NULL || *(unsigned char *)made != block->mark)
            return 0;
        block->at = NULL;
    } else {
        drop(block);
        switch (kind) {
        case 1: made = calloc(1, bytes); break;
        case 2: made = memalign(alignment, bytes); break;
        case 3: made = realloc(NULL, bytes); break;
        case 4: made = aligned_alloc(alignment, bytes); break;
        case 5: made = posix_memalign(&made, alignment, bytes) == 0 ? made : NULL; break;
        case 6:
            bytes = (bytes | 4095) + 1;
            made = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (made == MAP_FAILED)
                return 0;
            block->mapped = 1;
            if (bytes % 3 == 0 && (made = mremap(made, bytes, bytes * 2, MREMAP_MAYMOVE)) != MAP_FAILED)
                bytes *= 2;
            break;
        case 7: made = reallocarray(NULL, bytes, 1); break;
        default: made = malloc(bytes);
        }
        if (made == NULL || (kind == 1 && (((unsigned char *)made)[0] | ((unsigned char *)made)[bytes - 1]) != 0))
            return 0;
        if ((kind == 2 || kind == 4 || kind == 5) && (uintptr_t)made % alignment != 0)
            return 0;
    }
    block->at = made;
    block->bytes = bytes;
    return 1;
}

/* 0: something was wrong. */
static uint64_t worked(uint64_t seed, unsigned count, int pretend)
{
    struct block blocks[LIVE] = {{0}};
    uint64_t state = seed | 1, sum = 1;

    for (unsigned i = 0; i < count; i++) {
        struct block *block = &blocks[drawn(&state) % LIVE];
        uint64_t kind = drawn(&state) % KINDS;
        size_t bytes = 1 + drawn(&state) % (drawn(&state) % 200 == 0 ? 300000 : 2000);
        sum = sum * 31 + kind + bytes;
        if (pretend)
            continue;
        if (!is_whole(block) || !take(block, kind, bytes))
            return 0;
        block->mark = (unsigned char)drawn(&(uint64_t){sum | 1});
        memset(block->at, block->mark, block->bytes);
    }
    for (int i = 0; i < LIVE && !pretend; i++) {
        if (!is_whole(&blocks[i]))
            return 0;
        drop(&blocks[i]);
    }
    return sum | 1;
}

static void *serve_one(void *argument)
{
    FILE *stream = fdopen((int)(intptr_t)argument, "r+");
    unsigned long long seed;
    unsigned count;
    char line[80];

    while (stream != NULL) {
        errno = 0;
        if (fgets(line, sizeof line, stream) == NULL) {
            if (errno == EINTR) {
                clearerr(stream);
                continue;
            }
            break;
        }
        if (sscanf(line, "%llu %u", &seed, &count) != 2)
            break;
        fprintf(stream, "%llu\n", (unsigned long long)worked(seed, count, 0));
        fflush(stream);
    }
    if (stream != NULL)
        fclose(stream);
    return NULL;
}

static void interrupted(int number) { (void)number; }

static int serve(int signals)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    pthread_attr_t small;

    if (signals) {
        struct itimerval often = {{0, 1000}, {0, 1000}};
        struct sigaction action = {.sa_handler = interrupted, .sa_flags = SA_RESTART};
        sigaction(SIGPROF, &action, NULL);
        setitimer(ITIMER_PROF, &often, NULL);
    }
    if (bind(listening, (struct sockaddr *)&address, sizeof address) != 0 || listen(listening, 512) != 0)
        return 1;
    getsockname(listening, (struct sockaddr *)&address, &size);
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_attr_init(&small);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&small, 256 << 10);
    for (;;) {
        pthread_t thread;
        int one = accept(listening, NULL, NULL);
        if (one >= 0 && pthread_create(&thread, &small, serve_one, (void *)(intptr_t)one) != 0)
            close(one);
    }
}

static atomic_ulong asked, failed;
static atomic_int ended;
static int port;

static void *ask(void *argument)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    uint64_t state = (uint64_t)(intptr_t)argument * 2654435761u + 1;

    while (!ended) {
        int one = socket(AF_INET, SOCK_STREAM, 0);
        FILE *stream = fdopen(one, "r+");
        if (connect(one, (struct sockaddr *)&address, sizeof address) != 0) {
            failed++;
            usleep(10000);
        }
        for (int i = 0; i < 50 && !ended; i++) {
            uint64_t seed = drawn(&state);
            char line[80];
            fprintf(stream, "%llu 300\n", (unsigned long long)seed);
            fflush(stream);
            asked++;
            if (fgets(line, sizeof line, stream) == NULL || strtoull(line, NULL, 10) != worked(seed, 300, 1)) {
                failed++;
                break;
            }
        }
        fclose(stream);
    }
    return NULL;
}

int main(int count, char **values)
{
    pthread_t threads[256];
    int many = count > 3 ? atoi(values[3]) : 1;
    char byte;

    signal(SIGPIPE, SIG_IGN);
    if (count > 1 && strcmp(values[1], "serve") == 0)
        return serve(count > 2);
    if (count < 4 || many > 256)
        return 2;
    port = atoi(values[2]);
    for (intptr_t i = 0; i < many; i++)
        pthread_create(&threads[i], NULL, ask, (void *)(i + 1));
    puts("ready 0");
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    ended = 1;
    for (int i = 0; i < many; i++)
        pthread_join(threads[i], NULL);
    printf("asked %lu failed %lu\n", asked, failed);
    return 0;
}
