// IBP, iterative back-projection (Irani and Peleg 1991). Whatever the large picture is, made small again it
// must be the picture that was given. So what is missing there is enlarged and added, some rounds long:
//   x <- x + enlarge(lr - reduce(x)).
// Nothing is learnt; it takes back the blur of bicubic, and invents nothing.
#pragma once
#include "crisp/data/resize.hpp"

namespace crisp::classic {

/// `rounds` of back-projection: x (H, W, 1) and lr (h, w, 1), both 0..255. Throws Error for fewer than 0
/// rounds, and for pictures of several channels.
inline data::Image back_project(data::Image x, const data::Image& lr, Index rounds) {
  check(rounds >= 0, "back_project: ", rounds, " rounds were asked for");
  check(x.channels == lr.channels, "back_project: the pictures have ", x.channels, " and ", lr.channels,
        " channels");
  constexpr auto bicubic = data::Resampling::bicubic_matlab;
  for (Index round = 0; round < rounds; ++round) {
    data::Image missing = data::resize(x, lr.height, lr.width, bicubic);
    for (std::size_t i = 0; i < missing.samples.size(); ++i)
      missing.samples[i] = lr.samples[i] - missing.samples[i];
    const data::Image step = data::resize(missing, x.height, x.width, bicubic);
    for (std::size_t i = 0; i < x.samples.size(); ++i) x.samples[i] += step.samples[i];
  }
  return x;
}

/// lr (h, w, C), 0..255 -> (scale h, scale w, C), not rounded: bicubic, then back-projection.
inline data::Image enlarge_by_back_projection(const data::Image& lr, Index scale, Index rounds = 10) {
  return back_project(data::enlarge(lr, scale), lr, rounds);
}

}  // namespace crisp::classic
