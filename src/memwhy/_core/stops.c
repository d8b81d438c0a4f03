/* The stop: PTRACE_SEIZE and PTRACE_INTERRUPT every thread, look where each stands, compare, write, let go.
 *
 * A thread of our own does it, because the kernel lets go of all that a thread traces when that thread ends (exit_ptrace in its
 * kernel/ptrace.c): of threads that could not be stopped in time, which PTRACE_DETACH refuses, and of all of them if we are killed.
 * No register is written. Nothing is written unless all of it can be: every byte is compared first.
 *
 * Facts: ptrace(2); a thread stopped at a signal is let go with that signal; one in a system call may be sent back over the two bytes of
 * `syscall` (arch_do_signal_or_restart in arch/x86/kernel/signal.c), so callers' ranges reach two bytes further. */
#define _GNU_SOURCE
#include "stops.h"
#include "stops_look.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

enum { MOST_THREADS = 1 << 17, ROUNDS = 64, PAUSE_NS = 50000 };
enum thread_state { SEIZED, STOPPED, ENDED };

struct thread {
    pid_t tid;
    enum thread_state state;
    int signal;
};

struct threads {
    struct thread *rows;
    size_t count, room;
    uint32_t *slots; /* hash of tids: index + 1, 0: free */
    size_t slot_count;
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static long trace(int request, pid_t tid, uintptr_t address, uintptr_t data)
{
    return ptrace(request, tid, (void *)address, (void *)data);
}

static uint32_t *slot_of(struct threads *threads, pid_t tid)
{
    size_t at = (uint32_t)tid * 2654435761u & (threads->slot_count - 1);

    while (threads->slots[at] != 0 && threads->rows[threads->slots[at] - 1].tid != tid)
        at = (at + 1) & (threads->slot_count - 1);
    return &threads->slots[at];
}

static int grow(struct threads *threads)
{
    size_t room = threads->room ? threads->room * 4 : 256;
    struct thread *rows;
    uint32_t *slots;

    if (room > MOST_THREADS)
        return -1;
    rows = realloc(threads->rows, room * sizeof *rows);
    if (rows == NULL)
        return -1;
    threads->rows = rows;
    slots = calloc(room * 2, sizeof *slots);
    if (slots == NULL)
        return -1;
    free(threads->slots);
    threads->slots = slots;
    threads->slot_count = room * 2;
    threads->room = room;
    for (size_t i = 0; i < threads->count; i++)
        *slot_of(threads, rows[i].tid) = (uint32_t)i + 1;
    return 0;
}

/* Has it ended, and does only its number remain? Such a thread cannot be seized, and runs no more. */
static int is_dead(pid_t pid, pid_t tid)
{
    char path[64], text[512], *mark;
    FILE *file;
    size_t size;

    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
    file = fopen(path, "re");
    if (file == NULL)
        return 1;
    size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    mark = strrchr(text, ')');
    return mark == NULL || mark[1] == 0 || mark[2] == 'Z' || mark[2] == 'X';
}

/* Seize and interrupt the threads that we do not know yet. Returns how many, -1 when that failed: see the answer. */
static long seize_new(const struct stop_request *request, struct threads *threads, struct stop_answer *answer)
{
    char path[64];
    struct dirent *entry;
    size_t before = threads->count;
    DIR *tasks;

    snprintf(path, sizeof path, "/proc/%d/task", request->pid);
    tasks = opendir(path);
    if (tasks == NULL) {
        answer->outcome = STOP_GONE;
        return -1;
    }
    while ((entry = readdir(tasks)) != NULL) {
        pid_t tid = atoi(entry->d_name);
        uint32_t *slot;
        if (tid <= 0)
            continue;
        if (threads->count == threads->room && grow(threads) != 0) {
            answer->outcome = STOP_MEMORY;
            break;
        }
        slot = slot_of(threads, tid);
        if (*slot != 0)
            continue;
        if (trace(PTRACE_SEIZE, tid, 0, 0) != 0) {
            int error = errno;
            if (error == ESRCH || is_dead(request->pid, tid))
                continue;
            answer->outcome = STOP_DENIED;
            answer->tid = tid;
            answer->error = error;
            break;
        }
        threads->rows[threads->count] = (struct thread){tid, SEIZED, 0};
        *slot = (uint32_t)++threads->count;
    }
    closedir(tasks);
    for (size_t i = before; i < threads->count; i++)
        if (trace(PTRACE_INTERRUPT, threads->rows[i].tid, 0, 0) != 0 && errno == ESRCH)
            threads->rows[i].state = ENDED;
    return answer->outcome == STOP_DONE ? (long)(threads->count - before) : -1;
}

/* Only looked at, not taken: when the target is a child of ours, its end belongs to whoever waits for it. */
static void wait_for(struct thread *thread)
{
    siginfo_t seen = {0};

    if (waitid(P_PID, (id_t)thread->tid, &seen, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) != 0) {
        if (errno != EINTR)
            thread->state = ENDED;
    } else if (seen.si_pid != 0 && (seen.si_code == CLD_TRAPPED || seen.si_code == CLD_STOPPED)) {
        thread->state = STOPPED;
        thread->signal = seen.si_status >> 8 == 0 ? seen.si_status : 0; /* an event's stop has no signal to hand on */
    } else if (seen.si_pid != 0) {
        thread->state = ENDED;
    }
}

/* Returns 0 when all have stopped or ended; -1 with the first that has not when the time is up. */
static int wait_all(struct threads *threads, uint64_t until_ns, struct stop_answer *answer)
{
    size_t first = 0;

    for (;;) {
        struct timespec pause = {0, PAUSE_NS};
        size_t moved = 0;
        for (size_t i = first; i < threads->count; i++)
            if (threads->rows[i].state == SEIZED) {
                wait_for(&threads->rows[i]);
                moved += threads->rows[i].state != SEIZED;
            }
        while (first < threads->count && threads->rows[first].state != SEIZED)
            first++;
        if (first == threads->count)
            return 0;
        if (now_ns() > until_ns) {
            answer->outcome = STOP_LATE;
            answer->tid = threads->rows[first].tid;
            return -1;
        }
        if (moved == 0)
            nanosleep(&pause, NULL);
    }
}

/* A listing in which every thread is known and stopped is complete: nobody is left who could make another. */
static int stop_all(const struct stop_request *request, struct threads *threads, struct stop_answer *answer)
{
    uint64_t until_ns = now_ns() + request->most_wait_ns;

    for (int round = 0; round < ROUNDS; round++) {
        long fresh = seize_new(request, threads, answer);
        if (fresh < 0)
            return -1;
        if (fresh == 0) {
            for (size_t i = 0; i < threads->count; i++)
                if (threads->rows[i].state == STOPPED)
                    return 0;
            answer->outcome = STOP_GONE;
            return -1;
        }
        if (wait_all(threads, until_ns, answer) != 0)
            return -1;
    }
    answer->outcome = STOP_LATE;
    answer->tid = request->pid;
    return -1;
}

static int is_clear(const struct stop_request *request, struct threads *threads, struct stop_answer *answer)
{
    uint64_t *buffer;

    if (request->range_count == 0)
        return 1;
    buffer = malloc(request->scan_bytes + 8);
    if (buffer == NULL) {
        answer->outcome = STOP_MEMORY;
        return 0;
    }
    for (size_t i = 0; i < threads->count && answer->outcome == STOP_DONE; i++) {
        struct user_regs_struct registers;
        struct iovec into = {&registers, sizeof registers};
        uint64_t found;
        if (threads->rows[i].state != STOPPED)
            continue;
        if (trace(PTRACE_GETREGSET, threads->rows[i].tid, NT_PRSTATUS, (uintptr_t)&into) != 0) {
            threads->rows[i].state = ENDED; /* SIGKILL ends a stop */
            continue;
        }
        found = stop_look(request, &registers, buffer);
        if (found != 0)
            *answer = (struct stop_answer){.outcome = STOP_INSIDE, .tid = threads->rows[i].tid, .address = found};
    }
    free(buffer);
    return answer->outcome == STOP_DONE;
}

/* Write through /proc/PID/mem, or where the kernel does not let even a tracer do that, a word at a time. Returns 0 or an errno. */
static int write_bytes(const struct stop_request *request, pid_t tid, uint64_t address, const unsigned char *bytes, size_t size)
{
    if (!request->poke && pwrite(request->mem, bytes, size, (off_t)address) == (ssize_t)size)
        return 0;
    for (size_t done = 0; done < size;) {
        uint64_t at = (address + done) & ~(uint64_t)7, word;
        size_t skip = address + done - at, part = 8 - skip < size - done ? 8 - skip : size - done;
        errno = 0;
        word = (uint64_t)trace(PTRACE_PEEKDATA, tid, at, 0);
        if (errno != 0)
            return errno;
        memcpy((unsigned char *)&word + skip, bytes + done, part);
        if (trace(PTRACE_POKEDATA, tid, at, word) != 0)
            return errno;
        done += part;
    }
    return 0;
}

static int is_expected(const struct stop_request *request, const struct stop_write *write, struct stop_answer *answer)
{
    unsigned char found[64];

    for (size_t done = 0; write->expected != NULL && done < write->size;) {
        size_t part = write->size - done < sizeof found ? write->size - done : sizeof found;
        ssize_t size = pread(request->mem, found, part, (off_t)(write->address + done));
        if (size == 0) { /* the address space is gone */
            answer->outcome = STOP_GONE;
            return 0;
        }
        if (size != (ssize_t)part || memcmp(found, write->expected + done, part) != 0) {
            answer->outcome = STOP_DIFFERENT;
            return 0;
        }
        done += part;
    }
    return 1;
}

static void write_all(const struct stop_request *request, const struct threads *threads, struct stop_answer *answer)
{
    pid_t tid = 0;

    for (size_t i = 0; i < threads->count && tid == 0; i++)
        tid = threads->rows[i].state == STOPPED ? threads->rows[i].tid : 0;
    for (size_t i = 0; i < request->write_count; i++) {
        answer->index = i;
        if (!is_expected(request, &request->writes[i], answer))
            return;
    }
    for (size_t i = 0; i < request->write_count; i++) {
        const struct stop_write *write = &request->writes[i];
        int error = write_bytes(request, tid, write->address, write->fresh, write->size);
        if (error == 0)
            continue;
        *answer = (struct stop_answer){.outcome = STOP_UNWRITABLE, .error = error, .index = i};
        for (size_t j = 0; j <= i; j++)
            if (request->writes[j].expected != NULL)
                write_bytes(request, tid, request->writes[j].address, request->writes[j].expected, request->writes[j].size);
        return;
    }
}

struct job {
    const struct stop_request *request;
    struct stop_answer *answer;
};

/* While the target stands still nobody should be served before us: where we may, this thread, which ends soon, gets priority. */
static void hurry(void)
{
    struct sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_RR)};

    if (sched_setscheduler(0, SCHED_RR, &lowest) != 0)
        setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -20);
}

static void *work(void *argument)
{
    const struct job *job = argument;
    struct stop_answer *answer = job->answer;
    struct threads threads = {0};
    uint64_t started_ns;

    hurry();
    started_ns = now_ns();
    if (grow(&threads) != 0)
        answer->outcome = STOP_MEMORY;
    else if (stop_all(job->request, &threads, answer) == 0 && is_clear(job->request, &threads, answer))
        write_all(job->request, &threads, answer);
    for (size_t i = 0; i < threads.count; i++) {
        answer->threads += threads.rows[i].state != ENDED;
        if (threads.rows[i].state == STOPPED)
            trace(PTRACE_DETACH, threads.rows[i].tid, 0, (uintptr_t)threads.rows[i].signal);
    }
    answer->stop_ns = now_ns() - started_ns;
    free(threads.rows);
    free(threads.slots);
    return NULL;
}

/* Run in a thread that receives no signals and ends, so that the kernel lets go of whatever it still traces. Returns 0 or an errno. */
static int in_thread(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, NULL, function, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error != 0 ? error : pthread_join(thread, NULL);
}

void stop_and_write(const struct stop_request *request, struct stop_answer *answer)
{
    struct job job = {request, answer};

    *answer = (struct stop_answer){.outcome = STOP_DONE};
    if (in_thread(work, &job) != 0)
        answer->outcome = STOP_MEMORY;
}

struct filter_job {
    pid_t tid;
    unsigned index;
    unsigned char *program;
    long count;
};

static void *read_filter(void *argument)
{
    struct filter_job *job = argument;
    struct thread thread = {job->tid, SEIZED, 0};
    uint64_t until_ns = now_ns() + 200000000u;

    if (trace(PTRACE_SEIZE, job->tid, 0, 0) != 0 || trace(PTRACE_INTERRUPT, job->tid, 0, 0) != 0) {
        job->count = -errno;
        return NULL;
    }
    for (wait_for(&thread); thread.state == SEIZED && now_ns() < until_ns; wait_for(&thread)) {
        struct timespec pause = {0, PAUSE_NS};
        nanosleep(&pause, NULL);
    }
    if (thread.state != STOPPED) {
        job->count = thread.state == ENDED ? -ESRCH : -ETIMEDOUT;
        return NULL;
    }
    job->count = trace(PTRACE_SECCOMP_GET_FILTER, job->tid, job->index, 0);
    if (job->count > 0 && (job->program = malloc((size_t)job->count * 8)) != NULL)
        job->count = trace(PTRACE_SECCOMP_GET_FILTER, job->tid, job->index, (uintptr_t)job->program);
    if (job->count < 0)
        job->count = errno == ENOENT ? 0 : -errno;
    trace(PTRACE_DETACH, job->tid, 0, (uintptr_t)thread.signal);
    return NULL;
}

long stop_filter(pid_t tid, unsigned index, unsigned char **program)
{
    struct filter_job job = {tid, index, NULL, -ENOMEM};
    int error = in_thread(read_filter, &job);

    *program = job.program;
    return error != 0 ? -error : job.program == NULL && job.count > 0 ? -ENOMEM : job.count;
}
