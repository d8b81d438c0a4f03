// C++ objects that are lost, and some that only a pointer to their second base holds.
#include <cstdio>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

namespace shop {
struct Shape {
    virtual ~Shape() {}
    virtual double area() const = 0;
};
struct Priced {
    virtual ~Priced() {}
    virtual int price() const { return 1; }
};
struct Polygon : Shape {
    std::vector<double> points = std::vector<double>(12, 1.0);
    double area() const override { return points[0]; }
};
struct Offer : Shape, Priced {
    char text[60] = {};
    double area() const override { return 0; }
};
template <class T> struct Box : Shape {
    T inside[5] = {};
    double area() const override { return 5; }
};
} // namespace shop

static shop::Priced *volatile held[1000];
static shop::Shape *volatile sink;

__attribute__((noinline, noclone)) static void lose()
{
    for (int i = 0; i < 3000; i++)
        sink = new shop::Polygon;
    for (int i = 0; i < 2000; i++)
        sink = new shop::Box<std::pair<int, long>>;
    for (auto &one : held)
        one = new shop::Offer;
    sink = nullptr;
}

__attribute__((noinline, noclone)) static void wipe()
{
    volatile char old_frames[65536];
    for (auto &one : old_frames)
        one = 0;
}

int main()
{
    char byte;
    lose();
    wipe();
    dprintf(1, "ready\n");
    return static_cast<int>(read(0, &byte, 1));
}
