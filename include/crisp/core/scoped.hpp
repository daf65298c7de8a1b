// Scoped: a variable holds another value for the length of a block. All switches of a thread are set by it.
#pragma once
#include <type_traits>
#include <utility>

namespace crisp {

/// Sets `variable` to `value`, and puts the old value back when it goes out of scope, also when an exception
/// is thrown:
///   const Scoped quiet(verbose, false);
template <class T>
class [[nodiscard]] Scoped {
 public:
  Scoped(T& variable, std::type_identity_t<T> value)
      : variable_(variable), before_(std::exchange(variable, std::move(value))) {}
  ~Scoped() { variable_ = std::move(before_); }
  Scoped(const Scoped&) = delete;
  Scoped& operator=(const Scoped&) = delete;

 private:
  T& variable_;
  T before_;
};

}  // namespace crisp
