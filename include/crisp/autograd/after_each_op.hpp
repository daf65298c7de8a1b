// after_each_op: a function that a thread calls after each of its ops. What it throws ends a computation that
// would take long, such as a validation when the training is asked to stop.
#pragma once
#include <functional>

namespace crisp::detail {

inline thread_local const std::function<void()>* after_each_op = nullptr;  // null: none

}  // namespace crisp::detail
