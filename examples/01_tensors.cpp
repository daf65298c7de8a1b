// Tensors: a shape and its elements. What is shared, what is copied, and how an image lies in memory.
#include <crisp/core/tensor.hpp>

#include <crisp/backend/cpu.hpp>
#include <cstdio>

using namespace crisp;

int main() {
  // [snippet:make]
  Tensor<float, Cpu> zeros({2, 3}, 0.0f);            // a shape and a value
  Tensor<float, Cpu> x({2, 3}, {1, 2, 3, 4, 5, 6});  // a shape and all elements, the last axis fastest
  std::printf("x is %s, its last axis has %lld elements\n", str(x.shape()).c_str(),
              static_cast<long long>(x[-1]));
  // [/snippet]

  // [snippet:share]
  Tensor<float, Cpu> same = x;          // a second handle on the same elements
  Tensor<float, Cpu> copy = x.clone();  // elements of its own
  x.fill(9);
  std::printf("after x.fill(9): same holds %g, copy holds %g\n", same.to_host()[0], copy.to_host()[0]);
  // [/snippet]

  // [snippet:image]
  // A batch of 1 image of 2 x 2 pixels with 3 channels is (N, H, W, C): the channels of a pixel lie side by
  // side.
  Tensor<float, Cpu> image({1, 2, 2, 3}, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255});
  const Tensor<float, Cpu> pixels = image.reshape({4, 3});  // the same elements, one pixel a row
  std::printf("the last pixel's blue is %g\n", pixels.to_host()[3 * 3 + 2]);
  // [/snippet]

  // [snippet:error]
  try {
    x.reshape({4, 2});
  } catch (const Error& e) {
    std::printf("%s\n", e.what());
  }
  // [/snippet]
}
