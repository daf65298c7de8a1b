// Staging: host memory that batches are prepared in, and copied to the device from.
#pragma once
#include <vector>

#include "crisp/core/fused_ops.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp::data::detail {

// n elements of the host on their way to the device: written at data(), copied by send().
template <class T, class D>
class PlainStaging {
 public:
  explicit PlainStaging(Index n) : values_(static_cast<std::size_t>(n)) {}
  T* data() { return values_.data(); }
  void send(T* to) { D::from_host(to, values_.data(), Index(values_.size())); }
  void arrive() {}

 private:
  std::vector<T> values_;
};

// A device that computes by itself, beside the host, has a class of its own, D::Staging<T>. Its send() only
// begins the copy, and its arrive() orders what is computed from then on behind it.
template <class T, class D>
struct StagingOf {
  static constexpr bool beside_compute = false;
  using Type = PlainStaging<T, D>;
};
template <class T, class D>
requires HasStaging<D, T>
struct StagingOf<T, D> {
  static constexpr bool beside_compute = true;
  using Type = typename D::template Staging<T>;
};

}  // namespace crisp::data::detail
