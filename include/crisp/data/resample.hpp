// The two passes of a resize, along the rows and the columns: of whole pictures by all threads, of regions by
// one.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "crisp/core/parallel.hpp"
#include "crisp/core/resampling.hpp"
#include "crisp/core/rounding.hpp"
#include "crisp/data/image.hpp"

namespace crisp::data::detail {

using crisp::detail::ResizeTaps;

// The taps of outputs that follow each other, and the first and the number of the inputs that they need.
struct TapsOfRegion {
  std::shared_ptr<const ResizeTaps> all;
  Index begin, count;  // of the outputs
  Index first = 0, inputs = 0;

  TapsOfRegion(std::shared_ptr<const ResizeTaps> taps, Index from, Index n)
      : all(std::move(taps)), begin(from), count(n) {
    const Index* const sources = all->source.data();
    const auto ends = std::minmax_element(sources + begin * all->taps, sources + (begin + count) * all->taps);
    first = *ends.first;
    inputs = *ends.second - first + 1;
  }
  // Tap k of output i: the input, counted from the first, and its weight.
  Index source(Index i, Index k) const {
    return all->source[std::size_t((begin + i) * all->taps + k)] - first;
  }
  double weight(Index i, Index k) const { return all->weight[std::size_t((begin + i) * all->taps + k)]; }
};

// The taps of an axis. Those of the last axes are kept: patches of pictures of one size have them in common,
// and to compute them takes longer than to use them.
inline std::shared_ptr<const ResizeTaps> taps_of(Index in, Index out, double scale, Resampling method,
                                                 bool antialias) {
  using Axis = std::tuple<Index, Index, double, Resampling, bool>;
  static std::mutex mutex;
  static std::map<Axis, std::shared_ptr<const ResizeTaps>> kept;
  static std::size_t numbers = 0;                      // that are kept
  constexpr std::size_t limit = std::size_t(1) << 22;  // 64 MB
  const Axis axis{in, out, scale, method, antialias};
  const std::lock_guard lock(mutex);
  if (const auto found = kept.find(axis); found != kept.end()) return found->second;
  auto taps =
      std::make_shared<const ResizeTaps>(crisp::detail::resize_taps(in, out, scale, method, antialias));
  if (numbers + taps->source.size() > limit) kept.clear(), numbers = 0;
  numbers += taps->source.size();
  return kept[axis] = std::move(taps);
}

// x (inputs, inner) -> y (count, inner) for outputs i from `begin` to `end`. Each sum is made in the order of
// the taps, and of rounded products: these have a loop of their own, so that no compiler joins a product and
// a sum into one operation, which rounds once, for some sizes and not for others.
inline void resample_rows(const float* x, Index inner, const TapsOfRegion& t, Index begin, Index end,
                          bool round, float* y) {
  constexpr Index block = 512;  // columns
  double sum[block], product[block];
  for (Index i = begin; i < end; ++i)
    for (Index left = 0; left < inner; left += block) {
      const Index n = std::min(block, inner - left);
      std::fill(sum, sum + n, 0.0);
      for (Index k = 0; k < t.all->taps; ++k) {
        const double w = t.weight(i, k);
        if (w == 0) continue;
        const float* const row = x + t.source(i, k) * inner + left;
        for (Index c = 0; c < n; ++c) product[c] = w * double(row[c]);
        for (Index c = 0; c < n; ++c) sum[c] += product[c];
      }
      float* const to = y + i * inner + left;
      for (Index c = 0; round && c < n; ++c) sum[c] = std::floor(std::clamp(sum[c], 0.0, 255.0) + 0.5);
      for (Index c = 0; c < n; ++c) to[c] = float(sum[c]);
    }
}

// (a, b, C) -> (b, a, C).
inline void transpose(const float* x, Index a, Index b, Index C, float* y) {
  for (Index i = 0; i < a; ++i)
    for (Index j = 0; j < b; ++j)
      for (Index c = 0; c < C; ++c) y[(j * a + i) * C + c] = x[(i * b + j) * C + c];
}

// x (rows.inputs, cols.inputs, C) -> (rows.count, cols.count, C): rows first, then columns, which are rows of
// the transposed picture.
inline Image resampled(const Image& x, const TapsOfRegion& rows, const TapsOfRegion& cols, bool round,
                       bool parallel) {
  const Index C = x.channels, height = rows.count, width = cols.count;
  Image y(height, width, C);
  constexpr Index chunk = 8;  // rows
  parallel_for(ceil_div(height, chunk), parallel && height * width * C > 16384, [&](Index number) {
    const Index begin = number * chunk, end = std::min(height, begin + chunk), n = end - begin;
    std::vector<float> tall(std::size_t(n * x.width * C)), turned(tall.size());
    std::vector<float> wide(std::size_t(n * width * C));
    resample_rows(x.samples.data(), x.width * C, rows, begin, end, round, tall.data() - begin * x.width * C);
    transpose(tall.data(), n, x.width, C, turned.data());
    resample_rows(turned.data(), n * C, cols, 0, width, round, wide.data());
    transpose(wide.data(), width, n, C, &y.samples[std::size_t(begin * width * C)]);
  });
  return y;
}

}  // namespace crisp::data::detail
