// TensorDataset: batches of examples of any kind that lie in two tensors, such as signals, digits and their
// labels, or pictures of one's own making.
#pragma once
#include "crisp/data/loader.hpp"
#include "crisp/data/patch_orders.hpp"
#include "crisp/data/samples.hpp"

namespace crisp::data {

/// N examples: inputs (N, ...) and targets (N, ...), each of any shape after the first axis.
template <class T>
class TensorDataset {
 public:
  /// Copies both to the host. Throws Error unless they have as many examples, at least one.
  template <class D>
  TensorDataset(const Tensor<T, D>& inputs, const Tensor<T, D>& targets)
      : input_shape_(inputs.shape()), target_shape_(targets.shape()) {
    const bool axes = input_shape_.rank() >= 1 && target_shape_.rank() >= 1;
    check(
        axes && input_shape_[0] == target_shape_[0] && input_shape_.numel() > 0 && target_shape_.numel() > 0,
        "TensorDataset: inputs and targets must have the same number of examples on their first axis, at "
        "least one",
        operand("inputs", input_shape_), operand("targets", target_shape_));
    inputs_ = inputs.to_host();
    targets_ = targets.to_host();
  }

  Index count() const { return input_shape_[0]; }
  Index epoch_steps(Index batch) const { return ceil_div(count(), batch); }

  /// A checksum of all values and shapes, the same in every process and run.
  std::uint64_t fingerprint() const {
    const auto sum = [](const Shape& shape, const std::vector<T>& values, std::uint64_t seed) {
      const std::uint64_t of_shape = checksum(str(shape), seed);
      return checksum({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)}, of_shape);
    };
    return sum(target_shape_, targets_, sum(input_shape_, inputs_, 0));
  }

  /// Batches (batch, ...) of both, for (auto& [x, y] : examples.batches<Cpu>({.batch = 16})): each epoch goes
  /// through all examples once, in an order of its own. Batch i depends on the seed and i alone, as
  /// PatchDataset's do.
  template <class D, std::same_as<T> U = T>
  Batches<U, D> batches(LoaderOptions o = {}) const& {
    Shape input = input_shape_, target = target_shape_;
    input[0] = target[0] = o.batch / std::max<Index>(1, o.parts);
    return Batches<T, D>(o, input, target, [this, o](Index step, T* x, T* y) { fill(o, step, x, y); });
  }

  template <class D, std::same_as<T> U = T>
  Batches<U, D> batches(LoaderOptions = {}) const&& {
    static_assert(crisp::detail::never<D>, "crisp: the data set would end before the loop; give it a name");
  }

 private:
  // Batch number `step`, of which this process has one part.
  void fill(const LoaderOptions& o, Index step, T* x, T* y) const {
    const Index share = o.batch / o.parts, first = step * o.batch + o.part * share;
    const std::size_t in = inputs_.size() / std::size_t(count()),
                      out = targets_.size() / std::size_t(count());
    for (Index i = 0; i < share; ++i) {
      const Index number = first + i, epoch = number / count();
      const auto order = orders_->of(o.seed, epoch, count());
      const std::size_t example = std::size_t((*order)[std::size_t(number % count())]);
      std::copy_n(inputs_.begin() + std::ptrdiff_t(example * in), in, x + std::size_t(i) * in);
      std::copy_n(targets_.begin() + std::ptrdiff_t(example * out), out, y + std::size_t(i) * out);
    }
  }

  Shape input_shape_, target_shape_;
  std::vector<T> inputs_, targets_;
  std::shared_ptr<detail::PatchOrders> orders_ = std::make_shared<detail::PatchOrders>();
};
template <class T, class D>
TensorDataset(const Tensor<T, D>&, const Tensor<T, D>&) -> TensorDataset<T>;

}  // namespace crisp::data
