// Self-ensemble: the mean of what a network makes of an image in all eight positions (Timofte et al. 2016;
// Lim et al. 2017, sec. 3.4).
#pragma once
#include "crisp/data/augment.hpp"

namespace crisp::infer {

/// Mean over the eight ways of turning and flipping: turn the image, enlarge it, turn it back. Eight times
/// the work for about 0.1 dB. enlarge(image) must give every image `factor` times as large.
template <class Enlarge>
data::Image self_ensemble(const data::Image& image, const Enlarge& enlarge) {
  data::Image mean;
  for (int way = 0; way < 8; ++way) {
    const data::Image y = data::turned_back(enlarge(data::turned(image, way)), way);
    if (way == 0) mean = data::Image(y.height, y.width, y.channels);
    for (std::size_t i = 0; i < y.samples.size(); ++i) mean.samples[i] += y.samples[i] / 8;
  }
  return mean;
}

}  // namespace crisp::infer
