// ElementOf, DeviceOf: on which numbers and where a network computes, for what is given a network of any
// kind.
#pragma once
#include <tuple>
#include <type_traits>

#include "crisp/nn/module.hpp"

namespace crisp::nn {

namespace detail {

// A class without <T, D> is as the first of its parts is.
template <class M>
struct KindOf {
  static_assert(
      requires(const M& m) { m.crisp_parts(); },
      "crisp: a network names its parts by CRISP_PARAMS, or is a template <class T, class D>");
  using Parts = decltype(std::declval<const M&>().crisp_parts());
  using First = std::remove_cvref_t<std::tuple_element_t<0, Parts>>;
  using Element = typename KindOf<First>::Element;
  using Device = typename KindOf<First>::Device;
};
template <template <class, class> class M, class T, Backend D>
struct KindOf<M<T, D>> {
  using Element = T;
  using Device = D;
};
template <class M>
struct KindOf<std::vector<M>> : KindOf<M> {};
template <class M>
struct KindOf<std::optional<M>> : KindOf<M> {};

}  // namespace detail

/// The T and the D of a network: those of Net<T, D>, or of the first part of a class that fixes them itself.
template <class M>
using ElementOf = typename detail::KindOf<M>::Element;
template <class M>
using DeviceOf = typename detail::KindOf<M>::Device;

}  // namespace crisp::nn
