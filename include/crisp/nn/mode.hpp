// Training or inference: what batch normalisation and dropout do depends on it.
#pragma once
#include "crisp/autograd/var.hpp"

namespace crisp::nn {

namespace detail {
enum class Mode { follow, training, inference };
inline thread_local Mode mode = Mode::follow;
inline thread_local bool recomputing = false;  // a checkpointed block runs a second time
}  // namespace detail

/// Whether layers behave as in training. It follows from recording: yes while gradients are recorded, no
/// under no_grad, so that inference cannot forget to say so. TrainingMode overrides it.
inline bool training() {
  if (detail::mode == detail::Mode::follow) return crisp::detail::grad_enabled;
  return detail::mode == detail::Mode::training;
}

/// While it lives, on this thread, layers behave as said: TrainingMode(false) fine-tunes with the statistics
/// as they are.
struct TrainingMode : Scoped<detail::Mode> {
  explicit TrainingMode(bool training)
      : Scoped(detail::mode, training ? detail::Mode::training : detail::Mode::inference) {}
};

}  // namespace crisp::nn
