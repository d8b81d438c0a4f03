// Prints the mangled name of types in many forms and what the C++ runtime makes of it, a tab between.
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

struct Top {};
namespace shop {
struct Polygon {
    struct Inner {};
};
template <class T, int N> struct Box {
    struct In {};
};
template <class... T> struct Pack {};
template <bool B, unsigned long L> struct Literal {};
} // namespace shop
namespace {
struct Hidden {};
} // namespace

template <class T> void show()
{
    int status;
    char *name = abi::__cxa_demangle(typeid(T).name(), nullptr, nullptr, &status);
    std::printf("%s\t%s\n", typeid(T).name(), name);
    std::free(name);
}

int main()
{
    struct Local {};
    auto lambda = [](int a) { return a; };
    show<Top>();
    show<shop::Polygon>();
    show<shop::Polygon::Inner>();
    show<shop::Box<Top, 3>>();
    show<shop::Box<shop::Box<Top *, 3>, -4>::In>();
    show<Hidden>();
    show<std::string>();
    show<std::vector<int>>();
    show<std::map<std::string, std::vector<shop::Polygon *>>>();
    show<std::unique_ptr<Top>>();
    show<std::shared_ptr<shop::Box<Top, 1>>>();
    show<std::function<int(const Top &, char *)>>();
    show<shop::Literal<true, 7>>();
    show<shop::Pack<int, Top, const char *, std::nullptr_t, char32_t, unsigned char>>();
    show<shop::Pack<>>();
    show<Local>();
    show<decltype(lambda)>();
    show<int *const *>();
    show<void (*)(int)>();
    show<int[4]>();
    show<std::allocator<char>>();
    show<std::pair<Top, Top>>();
}
