/* A program with a peculiarity, that does what it is told on standard input, one letter a line, and answers with one word.
 *
 *   odd [PECULIARITY …]   see `become`; "ready" when it is so
 *   m  allocate and look: ok        b  begin to allocate in a thread, for ever: ok      f  fork, allocate in both: ok
 *   v  vfork and run another program: ok      x  become this program anew: ready        e  how often epoll_wait was interrupted
 *   s  how many SIGRTMIN came       t N  begin N threads that sleep and allocate: ok      c  fork a child that allocates for ever: its pid
 *   w  let a thread wait in vfork for a second: ok
 * It allocates only when told. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_long epoll_interrupted, signals;
static char **own_arguments;

static int allocate(void)
{
    void *blocks[100];

    for (int i = 0; i < 100; i++) {
        blocks[i] = malloc((size_t)(i * 37 + 1));
        if (blocks[i] == NULL)
            return 0;
        memset(blocks[i], i, (size_t)(i * 37 + 1));
    }
    for (int i = 0; i < 100; i++) {
        if (*(unsigned char *)blocks[i] != i)
            return 0;
        free(blocks[i]);
    }
    return 1;
}

static void *busy(void *argument)
{
    while (allocate())
        usleep((useconds_t)(argument != NULL ? 20000 : 500));
    abort();
}

static void *polling(void *argument)
{
    struct epoll_event event;
    int one = epoll_create1(0);

    (void)argument;
    while (epoll_wait(one, &event, 1, -1) < 0 && errno == EINTR)
        epoll_interrupted++;
    return NULL;
}

static void *in_vfork(void *argument)
{
    (void)argument;
    if (vfork() == 0) {
        sleep(1);
        _exit(0);
    }
    return NULL;
}

static void counted(int number) { (void)number; signals++; }

/* What one system call is answered with; the others are allowed. where: offset of the low half of an argument that must have `bit`, or 0. */
static void confine(unsigned call, unsigned where, unsigned bit, unsigned answer)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, where),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bit, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        abort();
}

static void become(const char *what)
{
    unsigned third = offsetof(struct seccomp_data, args[2]);
    pthread_t thread;

    if (strcmp(what, "undumpable") == 0)
        prctl(PR_SET_DUMPABLE, 0);
    else if (strcmp(what, "strict") == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    else if (strcmp(what, "killed-for-code") == 0)
        confine(SYS_mmap, third, PROT_EXEC, SECCOMP_RET_KILL_PROCESS);
    else if (strcmp(what, "no-madvise") == 0)
        confine(SYS_madvise, third, 16, SECCOMP_RET_ERRNO | EPERM);
    else if (strcmp(what, "no-mount") == 0)
        confine(SYS_mount, 0, ~0u, SECCOMP_RET_ERRNO | EPERM);
    else if (strcmp(what, "narrow") == 0) {
        struct rlimit limit = {1u << 23, 1u << 23}; /* less than what is mapped: no more */
        setrlimit(RLIMIT_AS, &limit);
    } else if (strcmp(what, "polling") == 0)
        pthread_create(&thread, NULL, polling, NULL);
    else if (strcmp(what, "busy") == 0)
        pthread_create(&thread, NULL, busy, NULL);
    else if (strcmp(what, "traced") == 0) {
        int ready[2];
        char byte;
        if (pipe(ready) != 0 || prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0) < -1)
            abort();
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (ptrace(PTRACE_SEIZE, getppid(), 0, 0) != 0)
                abort();
            (void)!write(ready[1], "r", 1);
            for (;;)
                pause();
        }
        (void)!read(ready[0], &byte, 1);
    }
}

static const char *done(const char *line)
{
    pthread_t thread;
    pthread_attr_t small;
    int status = -1, many;

    switch (line[0]) {
    case 'm': return allocate() ? "ok" : "bad";
    case 'b': return pthread_create(&thread, NULL, busy, NULL) == 0 ? "ok" : "bad";
    case 't':
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 64 << 10);
        for (many = atoi(line + 1); many > 0; many--)
            if (pthread_create(&thread, &small, busy, "") != 0)
                return "bad";
        return "ok";
    case 'w': return pthread_create(&thread, NULL, in_vfork, NULL) == 0 ? "ok" : "bad";
    case 'f':
        if (fork() == 0)
            _exit(allocate() ? 0 : 1);
        wait(&status);
        return status == 0 && allocate() ? "ok" : "bad";
    case 'v':
        if (vfork() == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(1);
        }
        wait(&status);
        return status == 0 ? "ok" : "bad";
    case 'x':
        execv("/proc/self/exe", own_arguments);
        return "bad";
    default: return "what";
    }
}

static int child_that_stays(void)
{
    int pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        busy(NULL);
    }
    return pid;
}

int main(int count, char **values)
{
    struct sigaction action = {.sa_handler = counted, .sa_flags = SA_RESTART};
    char line[64], text[64];
    ssize_t size;

    own_arguments = values;
    sigaction(SIGRTMIN, &action, NULL);
    for (int i = 1; i < count; i++)
        if (strcmp(values[i], "strict") != 0)
            become(values[i]);
    (void)!write(1, "ready\n", 6);
    if (count > 1 && strcmp(values[1], "strict") == 0)
        become("strict");
    while ((size = read(0, line, sizeof line - 1)) > 0 || (size < 0 && errno == EINTR)) {
        if (size < 0)
            continue;
        line[size] = 0;
        if (line[0] == 'e' || line[0] == 's')
            snprintf(text, sizeof text, "%ld\n", (long)(line[0] == 'e' ? epoll_interrupted : signals));
        else if (line[0] == 'c')
            snprintf(text, sizeof text, "%d\n", child_that_stays());
        else
            snprintf(text, sizeof text, "%s\n", done(line));
        (void)!write(1, text, strlen(text));
    }
    _exit(0);
}
