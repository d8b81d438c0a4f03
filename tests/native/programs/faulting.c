/* Touches fresh pages in known ways: one command a line ("keep 5": five blocks of 1 MiB), answered by "done". */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK_BYTES (1 << 20)
#define NODE_BYTES 64

static void *kept[1024];
static int used;

/* In its caller: a leaf has no frame, and by frame pointers its caller is not found. */
__attribute__((always_inline)) static inline void fill(char *block, size_t size) {
    for (size_t at = 0; at < size; at += 512)
        ((volatile char *)block)[at] = 1;
}

__attribute__((noinline)) static void keep_blocks(int count) {
    while (count--) {
        kept[used] = malloc(BLOCK_BYTES);
        fill(kept[used++], BLOCK_BYTES);
    }
    __asm__ volatile("");
}

__attribute__((noinline)) static void pass_blocks(int count) {
    while (count--) {
        char *block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        fill(block, BLOCK_BYTES);
        munmap(block, BLOCK_BYTES);
    }
    __asm__ volatile("");
}

__attribute__((noinline)) static void lose_nodes(int kibibytes) {
    for (int count = kibibytes * 1024 / NODE_BYTES; count--;)
        memset(malloc(NODE_BYTES), 1, NODE_BYTES);
}

static void *in_thread(void *count) {
    keep_blocks(*(int *)count);
    return NULL;
}

int main(void) {
    char line[64], word[16];
    int count;
    printf("READY\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && sscanf(line, "%15s %d", word, &count) == 2) {
        pthread_t thread;
        static pid_t child;
        if (!strcmp(word, "keep"))
            keep_blocks(count);
        else if (!strcmp(word, "pass"))
            pass_blocks(count);
        else if (!strcmp(word, "nodes"))
            lose_nodes(count);
        else if (!strcmp(word, "thread") && !pthread_create(&thread, NULL, in_thread, &count))
            pthread_join(thread, NULL);
        else if (!strcmp(word, "fork") && (child = fork()) == 0) {
            keep_blocks(count);
            _exit(0);
        } else if (!strcmp(word, "fork"))
            waitpid(child, NULL, 0);
        printf("done\n");
        fflush(stdout);
    }
    return 0;
}
