// Ops of your own: an elementwise one, which states its value and its slope, and one with a shape of its own.
#include <crisp/backend/cpu.hpp>
#include <crisp/ops/elementwise.hpp>
#include <crisp/testing/gradcheck.hpp>
#include <iostream>

using namespace crisp;

// [snippet:elementwise]
template <class T>
struct Softplus {  // y = log(1 + exp(x)), a smooth relu
  static constexpr const char* name = "softplus";
  CRISP_HD T value(T x) const { return std::log(T(1) + std::exp(x)); }
  CRISP_HD T slope(T x, T) const { return T(1) / (T(1) + std::exp(-x)); }
};
template <class T, class D>
Var<T, D> softplus(const Var<T, D>& x) {
  return elementwise(Softplus<T>{}, x);
}
// [/snippet]

// [snippet:op]
// flip_rows: y[n, h, w, c] = x[n, H - 1 - h, w, c], an image upside down. Its gradient is flipped back.
template <class T>
struct FlipRows {  // row = (n, h), col = (w, c)
  const T* x;
  T* y;
  Index H, WC;
  CRISP_HD void operator()(Index row, Index col) const {
    const Index n = row / H, h = row % H;
    y[row * WC + col] = x[(n * H + H - 1 - h) * WC + col];
  }
};

/// x (N, H, W, C) -> (N, H, W, C). Throws Error for another rank.
template <class T, class D>
Var<T, D> flip_rows(const Var<T, D>& x) {
  check(x.shape().rank() == 4, "flip_rows: the input must have 4 axes",
        operand("input", x.shape(), "(N, H, W, C)"));
  const Index rows = x[0] * x[1], WC = x[2] * x[3];
  Tensor<T, D> y(x.shape());
  D::for_each(rows, WC, FlipRows<T>{x.value().data(), y.data(), x[1], WC});
  const auto backward = [=](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(x.shape());
    D::for_each(rows, WC, FlipRows<T>{dy.data(), dx.data(), x[1], WC});
    x.add_grad(std::move(dx));
  };
  return {"flip_rows", y, {x}, backward};
}
// [/snippet]

int main() {
  // [snippet:check]
  const auto one =
      testing::gradcheck([](const auto& x) { return softplus(x); }, testing::random_input<Cpu>({2, 3}));
  const auto two = testing::gradcheck([](const auto& x) { return flip_rows(x); },
                                      testing::random_input<Cpu>({2, 3, 4, 1}));
  std::cout << "softplus:  " << (one ? "right, " : "WRONG, ") << one << "\n";
  std::cout << "flip_rows: " << (two ? "right, " : "WRONG, ") << two << "\n";
  // [/snippet]
  return one && two ? 0 : 1;
}
