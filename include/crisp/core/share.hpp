// ShareOfBatch: which part of each batch this thread computes, where several processes train one network
// together. Ops that look across the images of a batch, or draw at random for them, ask here. All others
// compute image by image and need not know.
#pragma once
#include <functional>

#include "crisp/core/scoped.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp {

/// Part number `part` of `parts` equal ones.
struct Share {
  Index part = 0, parts = 1;
};

namespace detail {

inline thread_local Share share;

// Makes each element the mean over the parts, the same for all of them; null where the batch is not shared.
template <class T, class D>
inline thread_local const std::function<void(Tensor<T, D>&)>* mean_over_parts = nullptr;

/// The mean of x over the parts of the batch: x itself where there is one part.
template <class T, class D>
Tensor<T, D> over_parts(const Tensor<T, D>& x) {
  if (!mean_over_parts<T, D>) return x;
  Tensor<T, D> mean = x.clone();
  (*mean_over_parts<T, D>)(mean);
  return mean;
}

}  // namespace detail

/// While it lives, this thread computes one share of each batch. `mean` is called by all parts in the same
/// order.
template <class T, class D>
class ShareOfBatch {
 public:
  ShareOfBatch(Share share, std::function<void(Tensor<T, D>&)> mean)
      : mean_(std::move(mean)),
        share_(detail::share, share),
        mean_over_parts_(detail::mean_over_parts<T, D>, share.parts > 1 ? &mean_ : nullptr) {}
  /// Alone: for work that the others do not do at the same time.
  ShareOfBatch() : ShareOfBatch({}, {}) {}

 private:
  const std::function<void(Tensor<T, D>&)> mean_;
  const Scoped<Share> share_;
  const Scoped<const std::function<void(Tensor<T, D>&)>*> mean_over_parts_;
};

}  // namespace crisp
