// The methods that learn nothing, to be scored as networks are: back-projection and self-similarity.
#pragma once
#include "crisp/classic/self_similarity.hpp"
#include "crisp/infer/evaluate.hpp"

namespace crisp::infer {

/// Iterative back-projection (Irani and Peleg 1991) as an Upscaler.
inline Upscaler back_projection(Index rounds = 10) {
  return [rounds](const data::Image& lr, Index scale, Protocol) {
    return classic::enlarge_by_back_projection(lr, scale, rounds);
  };
}

/// Self-similarity (Glasner et al. 2009) as an Upscaler: it makes the luma; Cb and Cr are bicubic's.
inline Upscaler self_similarity(classic::SelfSimilarityOptions o = {}) {
  return [o](const data::Image& lr, Index scale, Protocol) {
    if (lr.channels == 1) return classic::enlarge_by_self_similarity(lr, scale, o);
    const data::Image ycbcr = data::to_ycbcr(lr);
    return data::from_ycbcr(
        data::join(classic::enlarge_by_self_similarity(data::channels(ycbcr, 0, 1), scale, o),
                   detail::bicubic(data::channels(ycbcr, 1, 2), scale)));
  };
}

}  // namespace crisp::infer
