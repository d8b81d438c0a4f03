// keeps: a vector of blocks that is never freed, and one of C's own malloc.
#include <cstdlib>
#include <cstring>
#include <vector>

namespace store {
struct Cache {
  std::vector<char*> blocks;
  __attribute__((noinline)) void put(size_t bytes) {
    char* block = static_cast<char*>(malloc(bytes));
    memset(block, 1, bytes);
    blocks.push_back(block);
  }
};
}  // namespace store

extern "C" __attribute__((noinline)) void* keep_plain(size_t bytes) {
  void* block = calloc(1, bytes);
  memset(block, 2, bytes);
  return block;
}

void* volatile last;

int main() {
  store::Cache* cache = new store::Cache;
  for (int i = 0; i < 2000; i++) {
    cache->put(64 << 10);
    last = keep_plain(4 << 10);
  }
  exit(0);
}
