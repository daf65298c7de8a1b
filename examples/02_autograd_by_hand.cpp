// Autograd: a Var remembers how it was made, and backward() carries the gradient back. Compared with pencil
// and paper.
#include <crisp/backend/cpu.hpp>
#include <crisp/ops/arithmetic.hpp>
#include <crisp/ops/reduce.hpp>
#include <cstdio>

using namespace crisp;
using V = Var<double, Cpu>;

int main() {
  // [snippet:chain]
  const V x(Tensor<double, Cpu>({1}, 3.0), true);  // true: we want d loss / dx
  const V y = x * x;                               // dy/dx = 2x = 6
  const V loss = sum(y * y + x);                   // dloss/dy = 2y = 18, and x itself adds 1
  loss.backward();
  std::printf("autograd %g, by hand %g\n", x.grad().item(), 18.0 * 6 + 1);
  // [/snippet]

  // [snippet:adds]
  sum(x * 2.0).backward();  // gradients add up: that is why an optimizer clears them after its step
  std::printf("after a second backward: %g\n", x.grad().item());
  // [/snippet]

  // [snippet:no_grad]
  const V z = no_grad([&] { return x * x; });  // inference: nothing is recorded, memory stays low
  std::printf("recorded under no_grad: %s\n", z.requires_grad() ? "yes" : "no");
  // [/snippet]
}
