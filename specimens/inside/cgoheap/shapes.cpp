#include "shapes.h"

#include <new>

#include "counted.h"

namespace shop {

class Shape {
  public:
    virtual ~Shape() = default;
    virtual double area() const = 0;
    static void *operator new(std::size_t size) { return counted_malloc(size); }
    static void operator delete(void *block) { counted_free(block); }
};

class Polygon : public Shape {
  public:
    explicit Polygon(int corners)
        : corners_(corners), points_(static_cast<double *>(counted_malloc(sizeof(double) * 2 * corners))) {
        for (int i = 0; i < 2 * corners; i++) points_[i] = i * 0.5;
    }
    ~Polygon() override { counted_free(points_); }
    double area() const override { return corners_ * points_[0]; }

  private:
    int corners_;
    double *points_;
};

}  // namespace shop

extern "C" void *new_polygon(int corners) { return new shop::Polygon(corners); }
