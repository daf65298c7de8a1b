// The tests of assignment 2: the convolution of the student beside crisp's, in sizes that are odd and small.
#include <convolution.hpp>
#include <grading.hpp>

#include "judge.hpp"

using namespace grading;

static Numbers expected(const Numbers& x, const Numbers& w, const Numbers& b, const Sizes& s) {
  return judge::conv2d(x, w, b, {s.H, s.W, s.C, s.O, s.K, s.stride, s.padding});
}

// w (O, K, K, C) by another rule: which element stands at (o, i, j, c).
template <class F>
static Numbers rearranged(const Numbers& w, const Sizes& s, F at) {
  Numbers y;
  for (int o = 0; o < s.O; ++o)
    for (int i = 0; i < s.K; ++i)
      for (int j = 0; j < s.K; ++j)
        for (int c = 0; c < s.C; ++c) y.push_back(w[at(o, i, j, c)]);
  return y;
}
static Numbers turned(const Numbers& w, const Sizes& s) {
  return rearranged(w, s, [&](int o, int i, int j, int c) {
    return ((o * s.K + s.K - 1 - i) * s.K + s.K - 1 - j) * s.C + c;
  });
}
static Numbers transposed(const Numbers& w, const Sizes& s) {
  return rearranged(w, s, [&](int o, int i, int j, int c) { return ((o * s.K + j) * s.K + i) * s.C + c; });
}
static Numbers channels_first(const Numbers& w, const Sizes& s) {
  return rearranged(w, s, [&](int o, int i, int j, int c) { return ((o * s.C + c) * s.K + i) * s.K + j; });
}
// x with its edge repeated: (H + 2 p, W + 2 p, C).
static Numbers edge_repeated(const Numbers& x, const Sizes& s) {
  Numbers y;
  for (int h = -s.padding; h < s.H + s.padding; ++h)
    for (int w = -s.padding; w < s.W + s.padding; ++w)
      for (int c = 0; c < s.C; ++c)
        y.push_back(x[(std::clamp(h, 0, s.H - 1) * s.W + std::clamp(w, 0, s.W - 1)) * s.C + c]);
  return y;
}

// The answers of the student to one question, and what typical mistakes answer.
static void compare(const char* what, const Sizes& s) {
  const Numbers x = random_numbers(s.H * s.W * s.C, 1), w = random_numbers(s.O * s.K * s.K * s.C, 2),
                b = random_numbers(s.O, 3);
  Sizes padded = s;
  padded.H += 2 * s.padding, padded.W += 2 * s.padding, padded.padding = 0;
  expect_numbers(
      what, conv2d(x, w, b, s), expected(x, w, b, s),
      {{expected(x, turned(w, s), b, s),
        "the kernel is turned by 180 degrees; networks compute the cross-correlation, x[h + i] w[i]"},
       {expected(x, w, Numbers(s.O, 0.0), s), "the bias is missing"},
       {expected(x, transposed(w, s), b, s), "rows and columns of the kernel are exchanged"},
       {expected(x, channels_first(w, s), b, s),
        "the weight is read as (O, C, K, K); here it is (O, K, K, C), the channel fastest"},
       {expected(edge_repeated(x, s), w, b, padded), "the padding repeats the edge; it has to be zero"}});
}

TEST("2a", 4, "the size of the output") {
  const struct {
    int n, K, stride, padding, want;
  } cases[] = {{5, 3, 1, 0, 3}, {5, 3, 1, 1, 5}, {7, 3, 2, 1, 4},
               {8, 3, 2, 1, 4}, {5, 5, 1, 0, 1}, {9, 1, 4, 0, 3}};
  for (const auto& c : cases) {
    const Sizes s{c.n, c.n, 1, 1, c.K, c.stride, c.padding};
    const int got = output_size(c.n, s);
    if (got == c.want) continue;
    const std::string question =
        text("an axis of ", c.n, " with kernel ", c.K, ", stride ", c.stride, ", padding ", c.padding);
    if (got == (c.n + c.padding - c.K) / c.stride + 1)
      expect(false, question, ": padding lies on both sides");
    else if (got == (c.n + 2 * c.padding - c.K) / c.stride)
      expect(false, question, ": the first position is not counted; add 1");
    else expect(false, question, " gives ", got, ", not ", c.want);
    return;
  }
}

TEST("2b", 4, "a pixel, and zero around the picture") {
  const Sizes s{3, 4, 2, 1, 3};
  const Numbers x = random_numbers(24);
  expect_number("x[1, 2, 1]", pixel(x, 1, 2, 1, s), x[13],
                {{{x[(2 * 3 + 1) * 2 + 1]}, "row and column are exchanged"},
                 {{x[1 * 12 + 1 * 4 + 2]}, "the channel is the fastest axis: x is (H, W, C)"}});
  const int outside[][2] = {{-1, 0}, {0, -1}, {3, 0}, {0, 4}, {-1, 4}};
  for (const auto& at : outside) {
    const double got = pixel(x, at[0], at[1], 0, s);
    const double edge = x[(std::clamp(at[0], 0, 2) * 4 + std::clamp(at[1], 0, 3)) * 2];
    expect_number(text("outside, at row ", at[0], ", column ", at[1]), got, 0,
                  {{{edge}, "the edge is repeated; it has to be zero"}});
  }
}

TEST("2c", 6, "one number of the output") {
  const Sizes s{5, 6, 2, 3, 3, 2, 1};
  const Numbers x = random_numbers(60, 1), w = random_numbers(54, 2), b = random_numbers(3, 3);
  const auto at_1_2_1 = [&](const Numbers& weights, const Numbers& bias) {
    return Numbers{expected(x, weights, bias, s)[(1 * 3 + 2) * 3 + 1]};
  };
  expect_numbers(
      "y[1, 2, 1]", Numbers{convolve_at(x, w, b, 1, 2, 1, s)}, at_1_2_1(w, b),
      {{at_1_2_1(turned(w, s), b),
        "the kernel is turned by 180 degrees; networks compute the cross-correlation, x[h + i] w[i]"},
       {at_1_2_1(w, Numbers(3, 0.0)), "the bias is missing"},
       {at_1_2_1(transposed(w, s), b), "rows and columns of the kernel are exchanged"},
       {at_1_2_1(channels_first(w, s), b),
        "the weight is read as (O, C, K, K); here it is (O, K, K, C), the channel fastest"}});
}

TEST("2d", 2, "one channel, no padding") { compare("5 x 6 pixels, kernel 3", {5, 6, 1, 1, 3}); }
TEST("2d.2", 2, "padding") { compare("5 x 4 pixels, kernel 3, padding 1", {5, 4, 1, 1, 3, 1, 1}); }
TEST("2d.3", 2, "channels and bias") { compare("6 x 5 x 3, 4 outputs, kernel 3", {6, 5, 3, 4, 3}); }
TEST("2d.4", 2, "stride, and sizes that do not fit") {
  compare("7 x 8 x 2, stride 2", {7, 8, 2, 3, 3, 2, 1});
  compare("9 x 5 x 2, kernel 1, stride 3", {9, 5, 2, 2, 1, 3, 0});
}
TEST("2d.5", 2, "time: the first layer of SRCNN on 64 x 64 pixels", 5) {
  compare("64 x 64 pixels, 64 outputs, kernel 9", {64, 64, 1, 64, 9, 1, 4});
}
