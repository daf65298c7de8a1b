// PatchOrders: the random orders in which the epochs go through the patches of a grid, or through examples.
#pragma once
#include <memory>
#include <mutex>
#include <numeric>
#include <vector>

#include "crisp/core/random.hpp"

namespace crisp::data::detail {

/// Keeps the orders of the last two epochs: to shuffle millions takes longer than a step. Several threads may
/// use it at one time.
class PatchOrders {
 public:
  using Order = std::vector<Index>;

  /// The numbers from 0 to count - 1, shuffled: the same for the same seed and epoch.
  std::shared_ptr<const Order> of(std::uint64_t seed, Index epoch, Index count) {
    const std::lock_guard lock(mutex_);
    for (const Kept& kept : kept_)
      if (kept.order && kept.seed == seed && kept.epoch == epoch && Index(kept.order->size()) == count)
        return kept.order;
    std::swap(kept_[0], kept_[1]);
    kept_[0] = {seed, epoch, std::make_shared<const Order>(shuffled(seed, epoch, count))};
    return kept_[0].order;
  }

 private:
  struct Kept {
    std::uint64_t seed = 0;
    Index epoch = 0;
    std::shared_ptr<const Order> order{};
  };

  static Order shuffled(std::uint64_t seed, Index epoch, Index count) {  // Fisher and Yates
    Order order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), Index(0));
    Rng rng = Rng(seed).split(~std::uint64_t(epoch));
    for (std::size_t i = order.size(); i > 1; --i) {
      const std::size_t other = std::size_t(rng.below(Index(i)));
      std::swap(order[i - 1], order[other]);
    }
    return order;
  }

  std::mutex mutex_;
  Kept kept_[2];
};

}  // namespace crisp::data::detail
