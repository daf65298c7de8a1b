// Var: what is recorded, how gradients add up, and what is refused.
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/reduce.hpp"
#include "crisp/ops/relu.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using V = Var<double, Device>;

static V leaf(double value) { return V(Tensor<double, Device>({1}, value), true); }

TEST_CASE("a value used twice receives both gradients, and backward adds to what is there") {
  V x = leaf(3);
  sum(x * x + x).backward();
  CHECK(x.grad().item() == 7);
  sum(x * x).backward();
  CHECK(x.grad().item() == 13);
  x.zero_grad();
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("no_grad records nothing, detach cuts") {
  V x = leaf(2);
  const V y = no_grad([&] { return x * x; });
  CHECK_FALSE(y.requires_grad());
  sum(x * (x * 1.0).detach()).backward();
  CHECK(x.grad().item() == 2);
  CHECK_ERROR(sum(y).backward(), "nothing that this loss depends on requires a gradient");
}

TEST_CASE("backward is refused on what is no loss, and on a history that is gone") {
  V x = leaf(2);
  CHECK_ERROR(V(Tensor<double, Device>({2, 3}, 1.0), true).backward(),
              "call it on a scalar loss, not on a value of shape (2, 3)");
  const V y = x * x, loss = sum(y);
  loss.backward();
  CHECK_ERROR(loss.backward(), "this loss was used already");
  CHECK_ERROR(sum(y * 2.0).backward(), "belongs to a history that backward() has freed");
}

TEST_CASE("memory falls during backward: each node frees its history") {
  V x(Tensor<double, Device>({1000}, 1.0), true);
  V y = x * 2.0;
  std::weak_ptr<V::Node> inner = y.node();
  const V loss = sum(y * y);
  y = V();
  CHECK_FALSE(inner.expired());
  loss.backward();
  CHECK(inner.expired());
  CHECK(x.grad().to_host()[0] == 8);
}

TEST_CASE("a chain of 100,000 ops neither overflows the stack in backward nor when it is dropped") {
  V x = leaf(1);
  {
    V y = x;
    for (int i = 0; i < 100000; ++i) y = y + x;
    sum(y).backward();
  }
  CHECK(x.grad().item() == 100001);
  {
    V y = x;
    for (int i = 0; i < 100000; ++i) y = y + x;
  }
  CHECK(x.grad().item() == 100001);
}

TEST_CASE("an op may take the place of a value that nobody else reads, and of no other") {
  const Tensor<double, Device> data({1000}, -1.0);
  const V x(data, true), y = x * 3.0;
  const double* place = y.value().data();
  CHECK(relu(y).value().data() != place);
  CHECK((y + x).value().data() != place);
  CHECK((y + y).value().to_host()[0] == -6);
  CHECK(y.value().to_host()[0] == -3);
  CHECK(data.to_host()[0] == -1);
  CHECK(relu(V(data)).value().data() != data.data());  // the tensor has another handle

  V inner = x * 3.0;
  const double* inner_place = inner.value().data();
  const V z = relu(std::move(inner) * 2.0 + 1.0);
  CHECK(z.value().data() == inner_place);
  sum(z * z).backward();
  CHECK(x.grad().to_host()[0] == 0);  // relu(-5)
}

TEST_CASE("a value that no gradient reads is freed while the network still runs") {
  const V x(Tensor<double, Device>({100000}, 1.0), true);
  const Index before = Device::memory_use().now, one = 100000 * Index(sizeof(double));
  V y = x;
  for (int i = 0; i < 20; ++i) y = x + y;
  CHECK(Device::memory_use().now - before <= 2 * one);
  sum(y).backward();
  CHECK(x.grad().to_host()[0] == 21);
}
