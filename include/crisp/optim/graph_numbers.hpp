// The numbers that change from step to step, and the updates that use them, within a Graph and
// outside of any. A graph repeats its kernels with the same arguments. So what changes is no
// argument there: it lies on the device.
#pragma once
#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "crisp/core/graph.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp::optim {

/// What of a step is another number each time.
template <class T>
struct StepNumbers {
  T lr;
  T shrink = 1;   // for AdamW the share of a weight that its decay leaves
  T m_scale = 1;  // for Adam the factors that undo the moments' start at zero
  T v_scale = 1;
};

namespace detail {

template <class T>
struct StoreNumbers {
  T* y;
  StepNumbers<T> now;
  CRISP_HD void operator()(Index) const {
    y[0] = now.lr;
    y[1] = now.shrink;
    y[2] = now.m_scale;
    y[3] = now.v_scale;
  }
};

// The update of a parameter, with numbers that lie on the device.
template <class Step, class T>
struct WithNumbersFromDevice {
  Step step;
  const T* numbers;
  CRISP_HD void operator()(Index i) const {
    Step now = step;
    now.now.lr = numbers[0];
    now.now.shrink = numbers[1];
    now.now.m_scale = numbers[2];
    now.now.v_scale = numbers[3];
    now(i);
  }
};

// The updates of all parameters, gathered to run at once.
template <class Step, class T, class D>
class Steps {
 public:
  /// `numbers` are those of the step where they lie on the device, else null.
  void add(Index n, const Step& step, const T* numbers) {
    if (!numbers) return steps_.emplace_back(n, step), void();
    if constexpr (HasGraphs<D>) from_device_.emplace_back(n, WithNumbersFromDevice<Step, T>{step, numbers});
  }
  void run() {
    crisp::detail::for_each_of<D>(steps_);
    steps_.clear();
    if constexpr (HasGraphs<D>) {
      crisp::detail::for_each_of<D>(from_device_);
      from_device_.clear();
    }
  }

 private:
  std::vector<std::pair<Index, Step>> steps_;
  std::vector<std::pair<Index, WithNumbersFromDevice<Step, T>>> from_device_;
};

// Where the numbers of a step in a graph lie: four for each learning rate.
template <class T, class D>
class GraphNumbers {
 public:
  static bool in_graph() { return HasGraphs<D> && crisp::detail::graph_step; }

  /// To be called once, before any other.
  void make(std::size_t rates) {
    if constexpr (HasGraphs<D>) on_device_ = Tensor<T, D>({Index(rates), 4});
  }

  /// The numbers of one rate, for an update; null outside of a graph.
  const T* of(std::size_t rate) const { return in_graph() ? on_device_.data() + 4 * rate : nullptr; }

  /// They travel as arguments of a kernel, which the host need not wait for.
  void store(const std::vector<StepNumbers<T>>& numbers) {
    std::vector<std::pair<Index, StoreNumbers<T>>> stores;
    T* y = on_device_.data();
    for (const StepNumbers<T>& now : numbers) {
      stores.emplace_back(1, StoreNumbers<T>{y, now});
      y += 4;
    }
    crisp::detail::for_each_of<D>(stores);
  }

  /// Calls begin() now, or where a graph is being captured before each replay.
  /// Throws Error for a second call there.
  void before_step(const std::function<void()>& begin) const {
    if (!crisp::detail::capturing()) return begin();
    auto& before = crisp::detail::graph_step->before_replay;
    const bool again =
        std::any_of(before.begin(), before.end(), [this](const auto& b) { return b.first == this; });
    check(!again,
          "step: an optimizer makes two steps within one step of a Graph\n  hint: make each a step of the "
          "Graph");
    before.emplace_back(this, begin);
  }

 private:
  Tensor<T, D> on_device_;  // (rates, 4)
};

}  // namespace detail
}  // namespace crisp::optim
