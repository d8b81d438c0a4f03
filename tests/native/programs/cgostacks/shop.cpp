//go:build !nolibraries

// C++ that allocates where C++ does: in containers, in constructors, while an exception is thrown and after it was caught.
#include "shop.h"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace shop {

struct Line {
    std::string name;
    std::vector<char> label;
    explicit Line(int item) : name("item number " + std::to_string(item) + " of the shop"), label(300) {}
};

class Basket {
    std::map<int, std::unique_ptr<Line>> lines;
    std::vector<std::unique_ptr<std::string>> excuses;

  public:
    virtual ~Basket() = default;
    virtual int add(int item);

  private:
    __attribute__((noinline)) int check(int item);
};

int Basket::check(int item)
{
    if (item % 4 == 0)
        throw std::runtime_error("sold out: " + std::string(static_cast<size_t>(100 + item % 50), 'x'));
    return item;
}

int Basket::add(int item)
{
    try {
        lines[check(item)] = std::make_unique<Line>(item);
    } catch (const std::runtime_error &error) {
        excuses.push_back(std::make_unique<std::string>(error.what() + std::string(200, '!')));
    }
    return static_cast<int>(lines.size());
}

} // namespace shop

extern "C" void *shop_open(void) { return new shop::Basket; }
extern "C" int shop_sell(void *basket, int item) { return static_cast<shop::Basket *>(basket)->add(item); }
