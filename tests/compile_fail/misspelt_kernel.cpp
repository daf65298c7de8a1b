// expect: HasConv2d
#include "crisp/backend/cpu.hpp"
using namespace crisp;

struct MyDevice : PlainCpu {
#if MISTAKE == 1
  template <class T>
  static bool conv2_d(const T*, const T*, const T*, T*, const ConvSizes&, const ConvEpilogue<T>&) {
    return false;
  }
#elif MISTAKE == 2
  template <class T>
  static void conv2d(const T*, const T*, const T*, T*, const ConvSizes&, const ConvEpilogue<T>&) {}
#else
  template <class T>
  static bool conv2d(const T*, const T*, const T*, T*, const ConvSizes&, const ConvEpilogue<T>&) {
    return false;
  }
#endif
  template <class T>
  static bool conv2d_weight_gradient(const T*, const T*, T*, const ConvSizes&) {
    return false;
  }
};
static_assert(HasConv2d<MyDevice, float>);
int main() {}
