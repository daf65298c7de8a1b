// Graph<D>: a step that is the same each time, such as one of training with batches of one size. The GPU
// captures its hundreds of kernels once, as a CUDA graph, and then runs them all by a single call. The host
// then no longer takes longer to order a kernel than the GPU to run it.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "crisp/core/error.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/scoped.hpp"

namespace crisp {

namespace detail {

// What the parts of a step have to know of the graph that they belong to.
struct GraphStep {
  bool capturing = false;  // work is captured, not done
  // What the host does before each replay, and for whom.
  std::vector<std::pair<const void*, std::function<void()>>> before_replay;
};
inline thread_local GraphStep* graph_step = nullptr;  // null outside of any

inline bool capturing() { return graph_step && graph_step->capturing; }

// Throws Error within a step of a graph: for what the host decides anew each time, which a replay would not.
inline void refuse_in_graph(const char* what, const char* hint) {
  check(!graph_step, what, "\n  hint: ", hint);
}

template <class D>
struct CapturedStepOf {
  struct Type {};
};
template <HasGraphs D>
struct CapturedStepOf<D> {
  using Type = typename D::CapturedStep;
};

}  // namespace detail

/// Calls a function; on a device that has graphs, only the first times:
///
///   Graph<Device> step([&] {
///     const auto loss = l1_loss(net(x), y);
///     loss.backward();
///     adam.step();
///     total = loss.value();
///   });
///   for (auto& [input, target] : batches) {
///     x.value().copy_(input);  // into the memory that the graph reads; a batch of another shape is refused
///     y.value().copy_(target);
///     adam.set_lr(1e-4 * schedule(i, n));
///     step();
///   }
///
/// The first two calls run as they are: kernels are loaded, and whatever is made on first use is made. The
/// third is captured, then replayed, and so are all after it: one step a call. A replay runs the same kernels
/// with the same numbers at the same addresses:
///   - tensors that go into the step keep their memory: between calls copy_() changes them, not assignment;
///   - tensors that live on from step to step, such as running means, change in place, within the step too;
///   - tensors made within the step, such as the loss, are to be read between the calls; the next call writes
///     them again;
///   - what the host decides (shapes, ifs, numbers, Cuda::set_math, whether gradients are there already) is
///     decided once. Optimizers know: their rate and count of steps go on. Where crisp sees another use of
///     the host, in dropout, item(), set_lr(), it throws Error.
/// Whatever the function names must live as long as the graph. A device without graphs calls the function
/// each time.
template <class D>
class Graph {
 public:
  explicit Graph(std::function<void()> step) : step_(std::move(step)) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// One step. Throws Error within the step of another graph, and what the function throws.
  void operator()() {
    if constexpr (!HasGraphs<D>) return step_();
    else {
      detail::refuse_in_graph("Graph: a graph was run within a step of another Graph",
                              "put both steps into one function, or call one graph after the other");
      if (calls_ < plain_calls) run(false, step_);
      else if (!captured_) run(true, [this] { captured_ = std::make_unique<Captured>(step_); });
      if (++calls_ <= plain_calls) return;
      for (const auto& [whose, update] : state_.before_replay) update();
      captured_->replay();
    }
  }

 private:
  using Captured = typename detail::CapturedStepOf<D>::Type;
  static constexpr Index plain_calls = 2;  // the first one makes what the second finds

  template <class F>
  void run(bool capturing, const F& f) {
    state_ = {capturing, {}};
    const Scoped inside(detail::graph_step, &state_);
    f();
  }

  std::function<void()> step_;
  Index calls_ = 0;
  detail::GraphStep state_;
  std::unique_ptr<Captured> captured_;
};

}  // namespace crisp
