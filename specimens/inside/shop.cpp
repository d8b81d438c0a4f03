// Shop: C++ on several threads, with objects that have virtual functions, maps, strings and vectors; part of it lost.
//
// Commands and answers: as answer/answer.go, by lines: truth, malloc.
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace shop {

struct Item {
    virtual ~Item() = default;
    virtual int price() const = 0;
    std::string name;
};

struct Book : Item {
    int price() const override { return pages; }
    int pages = 100;
    std::vector<int> marks;
};

struct Customer {
    virtual ~Customer() = default;
    std::map<int, std::unique_ptr<Item>> basket;
    std::string address;
    Customer *neighbour = nullptr;
};

}  // namespace shop

static thread_local std::vector<std::unique_ptr<shop::Customer>> in_thread;
static std::map<int, std::unique_ptr<shop::Customer>> kept;

static std::unique_ptr<shop::Customer> customer(int number) {
    auto made = std::make_unique<shop::Customer>();
    made->address = "Number " + std::to_string(number) + ", a street with a long name in a town";
    for (int i = 0; i < 8; i++) {
        auto book = std::make_unique<shop::Book>();
        book->name = "A book about the number " + std::to_string(number * 8 + i);
        book->marks.assign(20, i);
        made->basket[i] = std::move(book);
    }
    return made;
}

static size_t in_use() { return mallinfo2().uordblks; }

__attribute__((noinline)) static void lose(int count) {
    for (int number = 0; number < count; number++) (void)customer(number).release();
}

__attribute__((noinline)) static void scrub() {
    volatile char below[1 << 15];
    memset(const_cast<char *>(below), 0, sizeof below);
}

int main(int argc, char **argv) {
    int lost = argc > 1 ? atoi(argv[1]) : 10000, held = argc > 2 ? atoi(argv[2]) : 20000;
    int threads = argc > 3 ? atoi(argv[3]) : 4;
    for (int number = 0; number < held; number++) kept[number] = customer(number);
    malloc_trim(0);
    size_t before = in_use();
    lose(lost);
    size_t lost_bytes = in_use() - before;
    scrub();
    std::vector<std::thread> workers;
    std::vector<int> done(threads, 0);
    for (int thread = 0; thread < threads; thread++)
        workers.emplace_back([thread, held, &done] {
            for (int number = 0; number < held / 8; number++) in_thread.push_back(customer(number));
            scrub();
            __atomic_store_n(&done[thread], 1, __ATOMIC_RELEASE);
            for (;;) pause();  // with what it holds
        });
    for (int thread = 0; thread < threads; thread++)
        while (!__atomic_load_n(&done[thread], __ATOMIC_ACQUIRE)) usleep(1000);
    setvbuf(stdout, nullptr, _IOLBF, 4096);
    setvbuf(stdin, nullptr, _IONBF, 0);
    printf("READY pid=%d\n", getpid());
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        struct mallinfo2 info = mallinfo2();
        if (strncmp(line, "malloc", 6) == 0)
            printf("{\"arena\": %zu, \"uordblks\": %zu, \"fordblks\": %zu, \"fsmblks\": %zu, \"hblks\": %zu, \"hblkhd\": %zu}\n",
                   info.arena, info.uordblks, info.fordblks, info.fsmblks, info.hblks, info.hblkhd);
        else
            printf("{\"lost_bytes\": %zu, \"held_customers\": %zu}\n", lost_bytes, kept.size());
    }
    _exit(0);
}
