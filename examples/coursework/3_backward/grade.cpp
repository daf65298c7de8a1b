// The tests of assignment 3: each gradient beside crisp's, then gradcheck of all.
#include <backward.hpp>
#include <grading.hpp>

#include "judge.hpp"

using namespace grading;

static judge::Sizes sizes(const Sizes& s) {
  return {s.H, s.W, s.C, s.O, s.K, s.stride, s.padding, s.OH(), s.OW()};
}
static Numbers scaled(Numbers x, double by) {
  for (double& v : x) v *= by;
  return x;
}
static Numbers sum(Numbers a, const Numbers& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}
static Numbers turned(const Numbers& w, const Sizes& s) {
  Numbers y(w.size());
  for (int o = 0; o < s.O; ++o)
    for (int i = 0; i < s.K; ++i)
      for (int j = 0; j < s.K; ++j)
        for (int c = 0; c < s.C; ++c) y[at_w(o, i, j, c, s)] = w[at_w(o, s.K - 1 - i, s.K - 1 - j, c, s)];
  return y;
}

// One question: the operands, and what crisp answers.
struct Question {
  Sizes s;
  Numbers x, w, dy;
  judge::Gradients want;
  explicit Question(const Sizes& sizes_)
      : s(sizes_),
        x(random_numbers(s.H * s.W * s.C, 1)),
        w(random_numbers(s.O * s.K * s.K * s.C, 2)),
        dy(random_numbers(s.OH() * s.OW() * s.O, 3)),
        want(judge::conv2d_backward(x, w, dy, sizes(s))) {}
};

static const Sizes small{5, 6, 2, 3, 3, 1, 1}, stepping{7, 8, 2, 3, 3, 2, 1};

TEST("3a", 3, "the gradient of the bias") {
  const Question q(small);
  Numbers db(3, 0.0), over_channels(3, 0.0);
  add_bias_gradient(q.dy, q.s, db);
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 30; ++k) over_channels[i] += q.dy[i * 30 + k];
  expect_numbers(
      "db", db, q.want.db,
      {{scaled(q.want.db, 1.0 / 30), "it is the mean over the pixels; it has to be the sum"},
       {over_channels, "the sum goes over the wrong axis: dy is (OH, OW, O), the channel fastest"}});
}

TEST("3b", 5, "the gradient of the weight") {
  for (const Sizes& s : {small, stepping}) {
    const Question q(s);
    Numbers dw(q.w.size(), 0.0);
    add_weight_gradient(q.x, q.dy, s, dw);
    if (!expect_numbers(text("dw with stride ", s.stride), dw, q.want.dw,
                        {{turned(q.want.dw, s), "it is turned by 180 degrees; dw[i] belongs to x[h + i]"},
                         {scaled(q.want.dw, 1.0 / (s.OH() * s.OW())),
                          "it is the mean over the pixels; it has to be the sum"}}))
      return;
  }
}

TEST("3c", 6, "the gradient of the input") {
  for (const Sizes& s : {small, stepping}) {
    const Question q(s), not_turned = [&] {
      Question other(s);
      other.want = judge::conv2d_backward(other.x, turned(other.w, s), other.dy, sizes(s));
      return other;
    }();
    Numbers dx(q.x.size(), 0.0);
    add_input_gradient(q.w, q.dy, s, dx);
    if (!expect_numbers(text("dx with stride ", s.stride), dx, q.want.dx,
                        {{not_turned.want.dx,
                          "the kernel is not turned: the forward pass takes x[h + i], so that dx[h] takes "
                          "dy[h - i]"}}))
      return;
  }
}

TEST("3d", 4, "gradients add up") {
  const Question q(small);
  const auto check = [&](const char* what, const Numbers& want, auto add) {
    const Numbers before = random_numbers(want.size(), 9);
    Numbers got = before;
    add(got);
    expect_numbers(what, got, sum(before, want),
                   {{want, "it overwrites what was there; a value that is used twice needs both gradients"}});
  };
  check("db", q.want.db, [&](Numbers& g) { add_bias_gradient(q.dy, q.s, g); });
  check("dw", q.want.dw, [&](Numbers& g) { add_weight_gradient(q.x, q.dy, q.s, g); });
  check("dx", q.want.dx, [&](Numbers& g) { add_input_gradient(q.w, q.dy, q.s, g); });
}

TEST("3e", 6, "gradcheck: derivatives by differences, in sizes that are odd") {
  for (const Sizes& s : {Sizes{4, 5, 2, 3, 3, 1, 1}, Sizes{6, 5, 1, 2, 3, 2, 0}, Sizes{3, 3, 2, 2, 1}}) {
    const std::string wrong = judge::gradcheck(
        [&](const Numbers& x, const Numbers& w, const Numbers& b) { return conv2d(x, w, b, s); },
        [&](const Numbers& x, const Numbers& w, const Numbers& dy) {
          judge::Gradients g{Numbers(x.size(), 0.0), Numbers(w.size(), 0.0), Numbers(s.O, 0.0)};
          add_input_gradient(w, dy, s, g.dx);
          add_weight_gradient(x, dy, s, g.dw);
          add_bias_gradient(dy, s, g.db);
          return g;
        },
        sizes(s));
    if (!expect(wrong.empty(), wrong)) return;
  }
}
