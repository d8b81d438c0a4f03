#include "basket.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

class Item {
  public:
    virtual ~Item() = default;
    virtual unsigned long price() const = 0;
};

class Book : public Item {
  public:
    explicit Book(unsigned long number) : title("A book of more than fifteen letters, number " + std::to_string(number)) {}
    unsigned long price() const override { return title.size(); }

  private:
    std::string title;
};

class Voucher : public Item {
  public:
    explicit Voucher(unsigned long value) : value(value) {}
    unsigned long price() const override { return value; }

  private:
    unsigned long value;
};

} // namespace

struct basket {
    std::vector<std::unique_ptr<Item>> items;
    std::map<std::string, unsigned long> discounts;
};

struct basket *basket_new(unsigned long number) {
    auto *made = new basket;
    for (unsigned long each = 0; each < 8; each++) {
        made->items.push_back(std::make_unique<Book>(number + each));
        made->discounts["discount-of-item-" + std::to_string(each)] = each;
    }
    made->items.push_back(std::make_unique<Voucher>(number % 100));
    return made;
}

unsigned long basket_total(const struct basket *basket) {
    unsigned long total = 0;
    for (const auto &item : basket->items)
        total += item->price();
    for (const auto &[name, value] : basket->discounts)
        total -= value;
    return total;
}

void basket_delete(struct basket *basket) { delete basket; }
