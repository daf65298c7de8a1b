// Normalisation, activations, softmax, pixel shuffle and sums of rows on the GPU, of values in bfloat16: what
// float makes of the same numbers, rounded once.
#include <functional>

#include "crisp/backend/cuda.cuh"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

using Numbers = std::vector<float>;
using Results = std::vector<Numbers>;

// n normal numbers, rounded to bfloat16, so that both types hold the same.
Numbers numbers(Index n, std::uint64_t seed, float scale = 1, float shift = 0) {
  Rng rng(seed);
  Numbers all(static_cast<std::size_t>(n));
  for (float& v : all) v = bfloat16(float(rng.normal()) * scale + shift);
  return all;
}

// Numbers on the GPU as T, `skip` of them into a tensor: unless that is 0, a bfloat16 does not begin where an
// access of several may.
template <class T>
class Memory {
 public:
  Memory(const Numbers& values, Index skip) : Memory(Index(values.size()), skip) {
    std::vector<T> all(static_cast<std::size_t>(n_ + skip_), T(NAN));
    std::copy(values.begin(), values.end(), all.begin() + std::ptrdiff_t(skip_));
    tensor_ = Tensor<T, Cuda>({n_ + skip_}, all);
  }
  Memory(Index n, Index skip) : n_(n), skip_(skip), tensor_({n + skip}) {}
  operator T*() { return tensor_.data() + skip_; }
  Numbers values() const {
    const std::vector<T> all = tensor_.to_host();
    return Numbers(all.begin() + std::ptrdiff_t(skip_), all.end());
  }

 private:
  Index n_, skip_;
  Tensor<T, Cuda> tensor_;
};

template <class T>
Results layer_norm(Index rows, Index C, Index skip) {
  using W = Wide<T>;
  Memory<T> x(numbers(rows * C, 1, 1, 0.5f), skip), w(numbers(C, 2), skip), b(numbers(C, 3), skip),
      dy(numbers(rows * C, 4), skip);
  Memory<T> y(rows * C, skip), dw(C, skip), db(C, skip);
  Memory<W> mean(rows, 0), rstd(rows, 0);
  CHECK(Cuda::layer_norm<T>(x, w, b, y, mean, rstd, rows, C, W(1e-3)));
  CHECK(Cuda::layer_norm_gradient<T>(x, w, mean, rstd, dy, dy, dw, db, rows, C));
  return {y.values(), mean.values(), rstd.values(), dy.values(), dw.values(), db.values()};
}

template <class T>
Results batch_norm(Index rows, Index C, Index skip) {
  using W = Wide<T>;
  Memory<T> x(numbers(rows * C, 1, 1, 3), skip), w(numbers(C, 2), skip), b(numbers(C, 3), skip),
      dy(numbers(rows * C, 4), skip), y(rows * C, skip);
  Memory<W> mean(C, 0), variance(C, 0), sums(2 * C, 0);
  Cuda::channel_statistics<T>(x, rows, C, mean, variance);
  Cuda::batch_norm<T>(x, w, b, mean, variance, y, rows, C, W(1e-3));
  Cuda::batch_norm_sums<T>(x, dy, mean, variance, sums, rows, C, W(1e-3));
  Cuda::batch_norm_gradient<T>(x, w, dy, mean, variance, sums, dy, rows, C, W(1e-3), true);
  return {y.values(), mean.values(), variance.values(), sums.values(), dy.values()};
}

template <class T>
Results prelu(Index rows, Index C, Index skip) {
  Results all;
  for (const Index slopes : {Index(1), C}) {
    const Index step = slopes == 1 ? 0 : 1;
    Memory<T> x(numbers(rows * C, 1), skip), slope(numbers(slopes, 2, 0.1f, 0.3f), skip),
        dy(numbers(rows * C, 4), skip), y(rows * C, skip), dslope(slopes, skip);
    Cuda::prelu<T>(x, slope, y, rows, C, step);
    Cuda::prelu_gradient<T>(x, false, slope, dy, dy, dslope, rows, C, step);
    all.insert(all.end(), {y.values(), dslope.values(), dy.values()});
  }
  return all;
}

template <class T>
Results softmax(Index rows, Index C, Index skip) {
  Memory<T> x(numbers(rows * C, 1, 3), skip), y(rows * C, skip), given(numbers(rows * C, 2), skip),
      dy(numbers(rows * C, 4), skip);
  Cuda::softmax<T>(x, y, rows, C);
  Cuda::softmax_gradient<T>(given, dy, dy, rows, C);
  return {y.values(), dy.values()};
}

template <class T>
Results gelu(Index rows, Index C, Index skip) {
  Memory<T> x(numbers(rows * C, 1, 3), skip), y(rows * C, skip), slope(rows * C, skip);
  Cuda::gelu<T>(x, y, slope, rows * C);
  Cuda::gelu<T>(x, x, nullptr, rows * C);  // in place
  return {y.values(), slope.values(), x.values()};
}

template <class T>
Results sums(Index rows, Index C, Index skip) {
  Memory<T> x(numbers(rows * C, 1), skip), sum(C, skip);
  Memory<Wide<T>> wide(C, 0);
  Cuda::sum_rows(static_cast<const T*>(x), rows, C, static_cast<T*>(sum));
  Cuda::sum_rows(static_cast<const T*>(x), rows, C, static_cast<Wide<T>*>(wide));
  return {sum.values(), wide.values()};
}

// Each number is that of float, but for the last sums of float and one rounding: half a unit in the last
// place is at most 2^-8 of it.
void check_rounded_once(const Results& result, const Results& exact) {
  REQUIRE(result.size() == exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    INFO("result " << i);
    REQUIRE(result[i].size() == exact[i].size());
    float largest = 0;
    for (const float v : exact[i]) largest = std::max(largest, std::abs(v));
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < exact[i].size(); ++k)
      wrong += !(std::abs(result[i][k] - exact[i][k]) <= std::abs(exact[i][k]) / 256 + 2e-5f * largest);
    CHECK(wrong == 0);
  }
}

// op(T(), rows, C, skip) for both types, in many sizes.
template <class F>
void check_in_bfloat16(F op) {
  using Size = std::pair<Index, Index>;
  for (const Size& size : {Size{1, 1},
                           {3, 1},
                           {700, 1},
                           {1, 3},
                           {37, 3},
                           {500, 3},
                           {40, 6},
                           {1, 60},
                           {9, 60},
                           {300, 60},
                           {65, 64},
                           {7, 180},
                           {70, 180},
                           {21, 257}})
    for (const Index skip : {0, 1, 2}) {
      INFO(size.first << " rows of " << size.second << ", from " << skip);
      check_rounded_once(op(bfloat16(), size.first, size.second, skip),
                         op(0.0f, size.first, size.second, skip));
    }
}

template <class T>
Results shuffled(Index r, bool back, bool in_place) {
  const Index N = 2, H = 3, W = 5, C = 3, n = N * H * W * C * r * r;
  Memory<T> x(numbers(n, 1), 0), y(n, 0);
  Cuda::pixel_shuffle<T>(x, in_place ? x : y, N, H, W, C, r, back);
  return {(in_place ? x : y).values()};
}

template <class T>
std::vector<std::uint32_t> signs(Numbers values) {
  Memory<T> y(values, 0);
  Tensor<std::uint32_t, Cuda> bits({(Index(values.size()) + 31) / 32});
  Cuda::positive_bits<T>(y, Index(values.size()), bits.data());
  return bits.to_host();
}

bool is_nan(float v) { return v != v; }

}  // namespace

TEST_CASE("layer_norm in bfloat16, gradients included") {
  check_in_bfloat16([](auto zero, auto... sizes) { return layer_norm<decltype(zero)>(sizes...); });
}

TEST_CASE("batch_norm in bfloat16, statistics and gradients included") {
  check_in_bfloat16([](auto zero, auto... sizes) { return batch_norm<decltype(zero)>(sizes...); });
}

TEST_CASE("prelu in bfloat16, with a slope for each channel and with one, gradients included") {
  check_in_bfloat16([](auto zero, auto... sizes) { return prelu<decltype(zero)>(sizes...); });
}

TEST_CASE("softmax in bfloat16, gradients included") {
  check_in_bfloat16([](auto zero, auto... sizes) { return softmax<decltype(zero)>(sizes...); });
}

TEST_CASE("gelu in bfloat16, and its slope") {
  check_in_bfloat16([](auto zero, auto... sizes) { return gelu<decltype(zero)>(sizes...); });
}

TEST_CASE("sums of rows in bfloat16, kept as such and as float") {
  check_in_bfloat16([](auto zero, auto... sizes) { return sums<decltype(zero)>(sizes...); });
}

TEST_CASE("pixel_shuffle and signs as bits in bfloat16") {
  for (const Index r : {1, 2, 3})
    for (const bool back : {false, true})
      for (const bool in_place : {false, true})
        CHECK(shuffled<bfloat16>(r, back, in_place) == shuffled<float>(r, back, in_place));
  for (const Index n : {1, 31, 32, 33, 64, 700})
    CHECK(signs<bfloat16>(numbers(n, 1)) == signs<float>(numbers(n, 1)));
  CHECK(signs<bfloat16>({0.0f, -0.0f, NAN, 1.0f, -1.0f, INFINITY, 1e-38f, 1e-40f}) ==
        std::vector<std::uint32_t>{0xe8});
}

TEST_CASE("sums over many rows of bfloat16 do not end at 256") {
  const Index rows = 5000;
  for (const Index C : {1, 2, 3}) {
    const Numbers ones(std::size_t(rows * C), 1.0f), minus(std::size_t(rows * C), -1.0f),
        slopes(std::size_t(C), 0.5f);
    const Numbers all_rows(std::size_t(C), bfloat16(5000));  // 4992
    Memory<bfloat16> x(ones, 0), below(minus, 0), w(slopes, 0), sum(C, 0), dw(C, 0), dx(rows * C, 0);
    Memory<float> mean(C, 0), variance(C, 0), both(2 * C, 0), row_mean(Numbers(std::size_t(rows), 0.0f), 0),
        row_rstd(Numbers(std::size_t(rows), 1.0f), 0);

    Cuda::sum_rows(static_cast<const bfloat16*>(x), rows, C, static_cast<bfloat16*>(sum));
    CHECK(sum.values() == all_rows);
    Cuda::channel_statistics<bfloat16>(x, rows, C, mean, variance);
    CHECK(mean.values() == Numbers(std::size_t(C), 1.0f));
    CHECK(variance.values() == Numbers(std::size_t(C), 0.0f));
    Cuda::batch_norm_sums<bfloat16>(x, x, mean, variance, both, rows, C, 1e-3f);
    CHECK(both.values().back() == 5000);
    Cuda::layer_norm_gradient<bfloat16>(x, w, row_mean, row_rstd, x, dx, dw, sum, rows, C);
    CHECK(dw.values() == all_rows);
    CHECK(sum.values() == all_rows);
    Cuda::prelu_gradient<bfloat16>(below, false, w, x, dx, dw, rows, C, 1);
    CHECK(dw.values() == Numbers(std::size_t(C), -bfloat16(5000)));
    Cuda::prelu_gradient<bfloat16>(below, false, w, x, dx, dw, rows, C, 0);
    CHECK(dw.values()[0] == -bfloat16(5000 * C));
  }
}

TEST_CASE("a NaN in bfloat16 stays in its row, or its channel") {
  for (const Index C : {5, 8}) {
    const Index rows = 4, at = 2 * C + 1;  // row 2, channel 1
    Numbers values = numbers(rows * C, 1), ones(std::size_t(C), 1.0f);
    values[std::size_t(at)] = NAN;
    const auto where = [&](const Numbers& v, const std::function<bool(Index)>& nan) {
      for (Index i = 0; i < Index(v.size()); ++i) CHECK(is_nan(v[std::size_t(i)]) == nan(i));
    };
    const auto in_row = [&](Index i) { return i / C == 2; };
    const auto in_channel = [&](Index i) { return i % C == 1; };
    const auto alone = [&](Index i) { return i == at; };
    Memory<bfloat16> x(values, 0), w(ones, 0), y(rows * C, 0), sum(C, 0);
    Memory<float> mean(rows * C, 0), rest(rows * C, 0);
    Cuda::layer_norm<bfloat16>(x, w, w, y, mean, rest, rows, C, 1e-3f);
    where(y.values(), in_row);
    Cuda::softmax<bfloat16>(x, y, rows, C);
    where(y.values(), in_row);
    Cuda::gelu<bfloat16>(x, y, nullptr, rows * C);
    where(y.values(), alone);
    Cuda::prelu<bfloat16>(x, w, y, rows, C, 1);
    where(y.values(), alone);
    Cuda::channel_statistics<bfloat16>(x, rows, C, mean, rest);
    Cuda::batch_norm<bfloat16>(x, w, w, mean, rest, y, rows, C, 1e-3f);
    where(y.values(), in_channel);
    Cuda::sum_rows(static_cast<const bfloat16*>(x), rows, C, static_cast<bfloat16*>(sum));
    where(sum.values(), in_channel);
  }
}
