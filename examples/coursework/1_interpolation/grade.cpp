// The tests of assignment 1: interpolation, PSNR and SSIM beside crisp's.
#include <grading.hpp>
#include <interpolation.hpp>

#include "judge.hpp"

using namespace grading;
using judge::Method;

static Matrix matrix(int h, int w, const Numbers& x) {
  Matrix m(h, w);
  m.samples = x;
  return m;
}
static const Numbers nine{10, 20, 30, 40, 50, 60, 70, 80, 95};

TEST("1a", 2, "the edge, repeated") {
  const Matrix m = matrix(2, 3, {1, 2, 3, 4, 5, 6});
  expect_numbers("inside", {at_edge(m, 0, 2), at_edge(m, 1, 0)}, {3, 4});
  expect_numbers(
      "outside", {at_edge(m, -1, 1), at_edge(m, 2, 1), at_edge(m, 0, -2), at_edge(m, 1, 3), at_edge(m, 5, 7)},
      {2, 5, 1, 6, 6}, {{{0, 0, 0, 0, 0}, "it is zero there; it has to be the nearest pixel of the edge"}});
}

// Enlarged by pixel corners, i (n - 1) / (scale n - 1), a common mistake.
static Numbers corners_aligned(const Matrix& m, int scale) {
  Numbers y;
  for (int i = 0; i < m.height * scale; ++i)
    for (int j = 0; j < m.width * scale; ++j) {
      const double v = i * (m.height - 1.0) / (m.height * scale - 1),
                   u = j * (m.width - 1.0) / (m.width * scale - 1);
      const int top = std::min(int(v), m.height - 2), left = std::min(int(u), m.width - 2);
      const double a = v - top, b = u - left;
      y.push_back((1 - a) * ((1 - b) * m.at(top, left) + b * m.at(top, left + 1)) +
                  a * ((1 - b) * m.at(top + 1, left) + b * m.at(top + 1, left + 1)));
    }
  return y;
}

TEST("1b", 4, "bilinear interpolation") {
  for (int scale : {2, 3}) {
    const Matrix m = matrix(3, 3, nine);
    if (!expect_numbers(text("x", scale), bilinear(m, scale).samples,
                        judge::resize(nine, 3, 3, 3 * scale, 3 * scale, Method::bilinear),
                        {{corners_aligned(m, scale),
                          "the corners are aligned; the centre of pixel i is (i + 0.5) / scale - 0.5"}},
                        1e-4))
      return;
  }
  const Numbers wide = random_numbers(20);
  expect_numbers("4 x 5 pixels, x2", bilinear(matrix(4, 5, wide), 2).samples,
                 judge::resize(wide, 4, 5, 8, 10, Method::bilinear), {}, 1e-4);
}

TEST("1c", 3, "the cubic kernel") {
  const auto keys = [](double a) {  // at 0, 0.5, 1, 1.5, 2, 3
    return Numbers{1, (a + 2) / 8 - (a + 3) / 4 + 1, 0, a * (3.375 - 11.25 + 12 - 4), 0, 0};
  };
  const Numbers got{cubic(0), cubic(0.5), cubic(1), cubic(1.5), cubic(2), cubic(3)};
  expect_numbers(
      "cubic at 0, 0.5, 1, 1.5, 2, 3", got, keys(-0.5),
      {{keys(-0.75), "this is a = -0.75, as in PyTorch; MATLAB and published figures have a = -0.5"},
       {keys(-1), "this is a = -1; MATLAB and published figures have a = -0.5"}});
  expect_number("cubic(-0.5)", cubic(-0.5), 0.5625, {}, 1e-9);
}

TEST("1d", 2, "the mirrored edge") {
  expect_numbers(
      "numbers -3, -1, 0, 4, 5, 7 of 5 pixels",
      {double(mirrored(-3, 5)), double(mirrored(-1, 5)), double(mirrored(0, 5)), double(mirrored(4, 5)),
       double(mirrored(5, 5)), double(mirrored(7, 5))},
      {2, 0, 0, 4, 4, 2},
      {{{3, 1, 0, 4, 3, 1}, "it is mirrored about the middle of the last pixel; that pixel counts twice"},
       {{0, 0, 0, 4, 4, 4}, "the edge is repeated; it has to be mirrored"}});
  expect_number("number -7 of 3 pixels", mirrored(-7, 3), 0, {}, 0);
}

static void compare_bicubic(const char* what, const Numbers& x, int h, int w, int height, int width) {
  expect_numbers(what, bicubic(matrix(h, w, x), height, width).samples,
                 judge::resize(x, h, w, height, width, Method::bicubic),
                 {{judge::resize(x, h, w, height, width, Method::bicubic_without_antialias),
                   "the kernel is not widened when it shrinks; that is bicubic without antialiasing"},
                  {judge::resize(x, h, w, height, width, Method::bicubic_torch),
                   "this is a = -0.75 without antialiasing, as in PyTorch; MATLAB has a = -0.5"}},
                 1e-3);
}
TEST("1e", 4, "bicubic, enlarged") { compare_bicubic("3 x 3, x2", nine, 3, 3, 6, 6); }
TEST("1e.2", 4, "bicubic, reduced") {
  compare_bicubic("24 x 36 pixels to 8 x 12", judge::picture(24, 36), 24, 36, 8, 12);
}

TEST("1f", 2, "luma") {
  const Numbers got{luma(255, 255, 255), luma(0, 0, 0), luma(255, 0, 0), luma(10, 200, 30)};
  const auto video = [](double r, double g, double b) {
    return 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255;
  };
  const auto full = [](double r, double g, double b) { return 0.299 * r + 0.587 * g + 0.114 * b; };
  const Numbers want{video(255, 255, 255), 16, video(255, 0, 0), video(10, 200, 30)};
  expect_numbers("white, black, red and a green", got, want,
                 {{{full(255, 255, 255), 0, full(255, 0, 0), full(10, 200, 30)},
                   "this is Y in 0..255; figures are taken on 16..235"},
                  {{255, 0, 85, 80}, "this is the mean of the three colours; Y weighs them"}},
                 1e-3);
}

TEST("1g", 4, "PSNR") {
  const int h = 24, w = 36, shave = 3;
  const Numbers hr = judge::picture(h, w), sr = judge::resize(judge::resize(hr, h, w, 8, 12, Method::bicubic),
                                                              8, 12, h, w, Method::bicubic);
  const double got = psnr(matrix(h, w, hr), matrix(h, w, sr), shave);
  const double want = judge::psnr(hr, sr, h, w, shave), peak = 20 * std::log10(255.0);
  expect_number(
      "PSNR without 3 pixels at each side", got, want,
      {{{judge::psnr(hr, sr, h, w, 0)}, "nothing is shaved off: the pixels of the edge count as well"},
       {{want - peak}, "the largest value is 255, not 1"},
       {{want / 10 * std::log(10.0)}, "the logarithm has to be that of base 10"},
       {{want / 2},
        "it is 10 log10 of the squared peak over the mean squared error, or 20 log10 of "
        "the peak over its root"}},
      1e-4);
}

TEST("1h", 5, "SSIM") {
  const int h = 24, w = 36;
  const Numbers hr = judge::picture(h, w), sr = judge::resize(hr, h, w, h, w, Method::bicubic),
                lr = judge::resize(judge::resize(hr, h, w, 8, 12, Method::bicubic), 8, 12, h, w,
                                   Method::bicubic);
  expect_number("a picture with itself", ssim(matrix(h, w, hr), matrix(h, w, sr)), 1, {}, 1e-4);
  expect_number("a picture reduced and enlarged", ssim(matrix(h, w, hr), matrix(h, w, lr)),
                judge::ssim(hr, lr, h, w), {}, 1e-4);
}
