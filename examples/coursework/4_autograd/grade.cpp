// The tests of assignment 4: slopes, the order of the nodes, the chain rule, and a network that learns.
#include <autograd.hpp>
#include <grading.hpp>

#include "judge.hpp"

using namespace grading;

// The value and the slopes that an op has left.
static Numbers slopes(const Value& y) {
  Numbers all{y.value()};
  for (const Edge& edge : y.node->inputs) all.push_back(edge.slope);
  return all;
}

TEST("4a", 6, "minus, times, divided") {
  const Value a(3), b(5);
  expect_numbers("3 - 5: value and two slopes", slopes(a - b), {-2, 1, -1},
                 {{{-2, 1, 1}, "the slope of b is -1"}});
  expect_numbers("3 * 5", slopes(a * b), {15, 5, 3},
                 {{{15, 3, 5}, "the slopes are exchanged: d(ab)/da is b"}});
  expect_numbers("3 / 5", slopes(a / b), {0.6, 0.2, -0.12},
                 {{{0.6, 0.2, 0.12}, "d(a/b)/db is negative"}, {{0.6, 0.2, -0.6}, "d(a/b)/db is -a / b^2"}});
  const Value square = a * a;
  expect(square.node->inputs.size() == 2, "a * a has two inputs, which are the same node");
}

TEST("4b", 4, "relu, tanh, exp") {
  expect_numbers("relu(2)", slopes(relu(Value(2))), {2, 1});
  expect_numbers("relu(-2)", slopes(relu(Value(-2))), {0, 0},
                 {{{0, 1}, "the slope of relu is 0 below zero"}});
  const double t = std::tanh(0.7);
  expect_numbers("tanh(0.7)", slopes(tanh(Value(0.7))), {t, 1 - t * t},
                 {{{t, 1 - 0.7 * 0.7}, "the slope is 1 - y^2, with the result y and not with x"}});
  expect_numbers("exp(0.7)", slopes(exp(Value(0.7))), {std::exp(0.7), std::exp(0.7)});
}

static std::vector<std::shared_ptr<Node>> order_of(const Value& y) {
  std::set<const Node*> seen;
  std::vector<std::shared_ptr<Node>> order;
  collect(y.node, seen, order);
  return order;
}

TEST("4c", 5, "the order of the nodes") {
  const Value x(2), one = x + x, two = one + x, y = two + one;  // x and one are used several times
  const auto order = order_of(y);
  std::vector<const Node*> nodes;
  for (const auto& node : order) nodes.push_back(node.get());
  const std::set<const Node*> once(nodes.begin(), nodes.end());
  if (!expect(once.size() == nodes.size(), nodes.size(), " nodes came out, but only ", once.size(),
              " different ones: a node that was seen before must not come again"))
    return;
  if (!expect(nodes.size() == 4, nodes.size(), " nodes came out, not 4")) return;
  expect(nodes[3] == y.node.get() && nodes[0] == x.node.get(),
         nodes[0] == y.node.get() ? "a node comes before its inputs: collect the inputs first"
                                  : "the inputs have to come before what is made of them");
  expect(nodes[1] == one.node.get() && nodes[2] == two.node.get(),
         "the inputs have to come before what is made of them");
  Value deep = x;
  for (int i = 0; i < 60; ++i) deep = deep + deep;  // 2^60 ways lead to x
  expect(order_of(deep).size() == 61, "a chain of 60 sums has 61 nodes");
}

TEST("4d", 3, "the chain rule, each number used once") {
  Value a(3), b(4), c(5);
  const Value loss = a + b + c;
  backward(loss);
  expect_numbers("a + b + c", {a.grad(), b.grad(), c.grad(), loss.grad()}, {1, 1, 1, 1},
                 {{{0, 0, 0, 0}, "no gradient arrives: the loss begins with 1"}});
}

TEST("4d.2", 6, "the chain rule, numbers used several times") {
  Value x(3);
  backward(x * Value(2) + x * Value(3));
  const std::string overwritten = "the gradient is overwritten; each use of a number adds to it";
  expect_number(
      "2 x + 3 x: the gradient", x.grad(), 5,
      {{{2}, overwritten},
       {{3}, overwritten},
       {{0}, "the gradient gets no further than the inputs of the loss: go backwards through the order"}});
  Value z(3);
  const Value one = z + z;
  backward(one + one);
  expect_number("y + y with y = x + x: the gradient", z.grad(), 4,
                {{{6}, "a node passes its gradient on before it is complete: go backwards through the order"},
                 {{1}, overwritten}});
  for (const auto& [a, b] : {std::pair<double, double>{0.4, 1.3}, {-0.7, 0.5}, {2, 1}}) {
    Value p(a), q(b);
    const Value f = tanh(p * q + p / q) * relu(q - p) + p * p;
    backward(f);
    expect_numbers(
        text("tanh(a b + a / b) relu(b - a) + a a at a = ", a, ", b = ", b, ": value and gradients"),
        {f.value(), p.grad(), q.grad()}, judge::expression(a, b));
  }
}

TEST("4d.3", 2, "two losses") {
  Value x(3);
  const Value y = x + x;
  backward(y);
  backward(x + Value(1));
  expect_number("x + x and x + 1: the gradient", x.grad(), 3,
                {{{1}, "the gradient is overwritten; each loss adds to it"}});
  Value z(3);
  const Value inner = z + z, loss = inner + inner;
  backward(loss);
  backward(loss);
  expect_number("the same loss twice", z.grad(), 8,
                {{{12}, "a node that is no leaf still has its gradient of before; it begins at zero"}});
}

TEST("4e", 2, "a step") {
  std::vector<Value> p{Value(2), Value(3)};
  p[0].node->grad = 4, p[1].node->grad = -1;
  step(p, 0.1);
  expect_numbers("the values", {p[0].value(), p[1].value()}, {1.6, 3.1},
                 {{{2.4, 2.9}, "it goes uphill; subtract the gradient"}});
  expect_numbers("the gradients after it", {p[0].grad(), p[1].grad()}, {0, 0},
                 {{{4, -1}, "they stay; the next backward pass would add to them"}});
}

TEST("4e.2", 4, "a network learns XOR") {
  std::vector<Value> p;
  for (double v : random_numbers(17, 7)) p.push_back(Value(2 * v));
  const double examples[][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
  double last = 0;
  for (int epoch = 0; epoch < 2000; ++epoch) {
    Value loss(0);
    for (const auto& [a, b, target] : examples) {
      Value y = p[16];
      for (int i = 0; i < 16; i += 4) y = y + p[i + 3] * tanh(p[i] * a + p[i + 1] * b + p[i + 2]);
      loss = loss + (y - target) * (y - target);
    }
    backward(loss);
    step(p, 0.05);
    last = loss.value();
  }
  expect(last < 0.01, "after 2000 steps the loss is ", last, "; it should be below 0.01");
}
