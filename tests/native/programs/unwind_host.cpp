// Walks its own stack at many places twice, by the sampler's unwinder and by glibc's backtrace(), and counts where they agree.
//
//   unwind_host DESCRIPTOR     the sampler's memory, shared with whoever lays the rules into it
//
// It prints READY, waits for a line, and prints for each scenario: name, stacks compared, equal, whole, equal as far as they go.
#include <algorithm>
#include <alloca.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <execinfo.h>
#include <map>
#include <memory>
#include <new>
#include <pthread.h>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <vector>

#ifdef WITH_XML
#include <libxml/parser.h>
#include <libxml/xpath.h>
#endif
#ifdef WITH_SQLITE
#include <sqlite3.h>
#endif

#define _Static_assert static_assert
extern "C" {
#include "unwind.h"
void probe(void);
}

__asm__(".text\n.globl probe\n.type probe,@function\nprobe:\n.cfi_startproc\n\tmovq (%rsp), %rdi\n\tleaq 8(%rsp), %rsi\n\tmovq %rbp, %rdx\n\tjmp compare\n"
        ".cfi_endproc\n.size probe,.-probe\n");

namespace {

struct Count {
    long compared, equal, whole, prefix;
} count;

char *region;
bool comparing;
thread_local bool inside;
thread_local int row;

mw_thread *record() { return reinterpret_cast<mw_thread *>(region + MW_AT_THREADS) + row; }

uint64_t thread_pointer()
{
    uint64_t value;
    __asm__("movq %%fs:0x10, %0" : "=r"(value));
    return value;
}

} // namespace

namespace {

long best_ns; // of one walk, where it is measured
size_t best_frames;

void measure(uintptr_t pc, uintptr_t sp, uintptr_t rbp)
{
    uint64_t pcs[MW_MOST_FRAMES];
    uint32_t flags = 0;
    timespec before, after;

    for (int batch = 0; batch < 50; batch++) {
        clock_gettime(CLOCK_MONOTONIC, &before);
        for (int i = 0; i < 100; i++)
            best_frames = mw_unwind_c(reinterpret_cast<mw_header *>(region), record(), pc, sp, rbp, pcs, MW_MOST_FRAMES, &flags);
        clock_gettime(CLOCK_MONOTONIC, &after);
        long spent = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
        if (best_ns == 0 || spent / 100 < best_ns)
            best_ns = spent / 100;
    }
}

} // namespace

extern "C" __attribute__((noinline)) void compare(uintptr_t pc, uintptr_t sp, uintptr_t rbp)
{
    uint64_t ours[MW_MOST_FRAMES];
    void *theirs[MW_MOST_FRAMES + 1];
    uint32_t flags = 0;

    if (inside)
        return;
    inside = true;
    record()->thread_pointer = thread_pointer();
    record()->seen_sp = sp;
    if (comparing) {
        size_t found = mw_unwind_c(reinterpret_cast<mw_header *>(region), record(), pc, sp, rbp, ours, MW_MOST_FRAMES, &flags);
        if (count.compared == 0)
            measure(pc, sp, rbp);
        int said = backtrace(theirs, MW_MOST_FRAMES + 1) - 1;
        size_t same = 0;

        while (same < found && same < static_cast<size_t>(said) && ours[same] == reinterpret_cast<uint64_t>(theirs[same + 1]))
            same++;
        count.compared++;
        count.whole += (flags & MW_C_WHOLE) != 0;
        count.prefix += same == found;
        count.equal += same == found && found == static_cast<size_t>(said);
        if (same != found && getenv("UNWIND_HOST_TELLS"))
            fprintf(stderr, "differ at %zu of %zu and %d: %lx %p, flags %u\n", same, found, said, ours[same], theirs[same + 1], flags);
    }
    inside = false;
}

void *operator new(std::size_t size)
{
    probe();
    void *block = malloc(size);
    if (block == nullptr)
        throw std::bad_alloc();
    return block;
}
void operator delete(void *block) noexcept { free(block); }
void operator delete(void *block, std::size_t) noexcept { free(block); }

namespace {

volatile int sink;

__attribute__((noinline)) void deep(int depth)
{
    volatile char room[64];

    room[depth % 64] = 1;
    if (depth == 0)
        probe();
    else
        deep(depth - 1);
    sink = room[0];
}

__attribute__((noinline)) void aligned(int depth)
{
    alignas(64) volatile char room[256];

    room[depth] = 1;
    if (depth == 0)
        probe();
    else
        aligned(depth - 1);
    sink = room[1];
}

__attribute__((noinline)) void variable(int size)
{
    char *room = static_cast<char *>(alloca(static_cast<size_t>(size)));

    memset(room, 1, static_cast<size_t>(size));
    deep(size % 5);
    sink = room[size / 2];
}

int compare_numbers(const void *left, const void *right)
{
    probe();
    return *static_cast<const int *>(left) - *static_cast<const int *>(right);
}

void frames()
{
    int numbers[] = {5, 3, 9, 1, 7, 2};

    for (int depth = 0; depth < 80; depth += 9)
        deep(depth);
    for (int depth = 0; depth < 20; depth += 5)
        aligned(depth);
    for (int size = 16; size < 4000; size *= 3)
        variable(size);
    qsort(numbers, 6, sizeof *numbers, compare_numbers);
}

struct Falling {
    std::string kept;
    ~Falling() { kept = std::string(100, 'f'); } // allocates while an exception passes
};

__attribute__((noinline)) int thrower(int depth)
{
    Falling falling;

    if (depth == 0)
        throw std::runtime_error(std::string(120, 'x'));
    return thrower(depth - 1) + static_cast<int>(falling.kept.size());
}

void cxx()
{
    std::map<int, std::string> words;
    std::vector<std::unique_ptr<std::string>> kept;

    for (int i = 0; i < 40; i++) {
        words[i * 7 % 41] = std::string(30 + static_cast<size_t>(i), 'w');
        try {
            sink = thrower(i % 7);
        } catch (const std::runtime_error &error) {
            kept.push_back(std::make_unique<std::string>(std::string(error.what()) + "!"));
        }
    }
    std::stringstream stream;
    for (const auto &[number, word] : words)
        stream << number << word << '\n';
    std::regex pattern("([a-z]+)[0-9]*(w|x){2,5}");
    sink = static_cast<int>(std::regex_search(stream.str().substr(0, 200), pattern));
    std::stable_sort(kept.begin(), kept.end(), [](const auto &a, const auto &b) { return std::string(*a + "long enough to allocate") < *b; });
}

void on_signal(int) { deep(3); }

void signals()
{
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
}

#ifdef WITH_XML
void *xml_malloc(size_t size)
{
    probe();
    return malloc(size);
}
void *xml_realloc(void *block, size_t size)
{
    probe();
    return realloc(block, size);
}
char *xml_strdup(const char *text)
{
    probe();
    return strdup(text);
}

void xml()
{
    std::string text = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e 'entity'><!ATTLIST b c CDATA #IMPLIED>]><a>";

    for (int i = 0; i < 60; i++)
        text += "<b c='" + std::to_string(i) + "'>text &e; more<d/><!-- note --></b><?p i?>";
    text += "</a>";
    xmlDocPtr doc = xmlReadMemory(text.c_str(), static_cast<int>(text.size()), "a.xml", nullptr, XML_PARSE_NOENT | XML_PARSE_DTDLOAD);
    xmlXPathContextPtr context = xmlXPathNewContext(doc);
    xmlXPathFreeObject(xmlXPathEvalExpression(BAD_CAST "//b[@c > 5]/d[position() mod 2 = 1]/..", context));
    xmlXPathFreeContext(context);
    xmlChar *out;
    int size;
    xmlDocDumpFormatMemory(doc, &out, &size, 1);
    xmlFree(out);
    xmlFreeDoc(doc);
}
#endif

#ifdef WITH_SQLITE
sqlite3_mem_methods plain;
void *sqlite_malloc(int size)
{
    probe();
    return plain.xMalloc(size);
}
void *sqlite_realloc(void *block, int size)
{
    probe();
    return plain.xRealloc(block, size);
}

void sqlite()
{
    sqlite3 *db;

    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        return;
    sqlite3_exec(db,
                 "create table t(a integer primary key, b text); create index i on t(b);"
                 "with recursive n(x) as (select 1 union all select x + 1 from n where x < 300) insert into t select x, hex(randomblob(40)) from n;"
                 "select group_concat(b) from (select a.b from t a join t b on a.a = b.a + 1 order by a.b desc limit 50);"
                 "update t set b = upper(b) || 'x' where a % 3 = 0; delete from t where b like '%A%'; vacuum;",
                 nullptr, nullptr, nullptr);
    sqlite3_close(db);
}
#endif

void run(const char *name, void (*scenario)())
{
    count = Count{};
    best_ns = 0;
    comparing = true;
    scenario();
    comparing = false;
    printf("%s %ld %ld %ld %ld\n", name, count.compared, count.equal, count.whole, count.prefix);
    if (getenv("UNWIND_HOST_TELLS"))
        fprintf(stderr, "%s: %ld ns for %zu frames\n", name, best_ns, best_frames);
}

struct Meeting {
    pthread_barrier_t known, go;
} meeting;

void *worker(void *)
{
    row = 1;
    probe();
    pthread_barrier_wait(&meeting.known);
    pthread_barrier_wait(&meeting.go);
    run("thread", frames);
    run("thread_cxx", cxx);
    return nullptr;
}

void *latecomer(void *)
{
    row = 2;
    run("late", frames);
    return nullptr;
}

} // namespace

int main(int argc, char **argv)
{
    void *first[4];
    char line[16];
    pthread_t thread;
    void *mapped = mmap(nullptr, MW_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, argc > 1 ? atoi(argv[1]) : -1, 0);

    if (mapped == MAP_FAILED)
        return 2;
    region = static_cast<char *>(mapped);
    backtrace(first, 4); // loads libgcc
#ifdef WITH_XML
    xmlMemSetup(free, xml_malloc, xml_realloc, xml_strdup);
#endif
#ifdef WITH_SQLITE
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
    sqlite3_mem_methods methods = plain;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
#endif
    probe();
    pthread_barrier_init(&meeting.known, nullptr, 2);
    pthread_barrier_init(&meeting.go, nullptr, 2);
    pthread_create(&thread, nullptr, worker, nullptr);
    pthread_barrier_wait(&meeting.known);
    puts("READY");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == nullptr)
        return 1;
    run("frames", frames);
    run("cxx", cxx);
    run("signals", signals);
#ifdef WITH_XML
    run("xml", xml);
#endif
#ifdef WITH_SQLITE
    run("sqlite", sqlite);
#endif
    pthread_barrier_wait(&meeting.go);
    pthread_join(thread, nullptr);
    pthread_create(&thread, nullptr, latecomer, nullptr);
    pthread_join(thread, nullptr);
    return 0;
}
