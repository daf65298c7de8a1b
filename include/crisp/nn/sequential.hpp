// Sequential: layers applied one after the other; their parameters are named 0.weight, 2.weight, ... by
// position.
#pragma once
#include <tuple>

#include "crisp/nn/module.hpp"

namespace crisp::nn {

/// nn::Sequential net(nn::Conv2d<T, D>(1, 64, 9), nn::ReLU{}, nn::Conv2d<T, D>(64, 1, 5)); the layers are
/// moved in.
template <class... Layers>
struct Sequential {
  std::tuple<Layers...> layers;

  explicit Sequential(Layers&&... parts) : layers(std::move(parts)...) {}

  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = x;
    std::apply([&](const auto&... layer) { ((y = layer(y)), ...); }, layers);
    return y;
  }
  template <class T, class D>
  Var<T, D> operator()(const Tensor<T, D>& x) const {
    return (*this)(Var<T, D>(x));
  }

  /// The first layer that learns says on which numbers it computes: see nn/element_of.hpp.
  auto crisp_parts() const {
    return std::apply([](const auto&... layer) { return first_with_params(layer...); }, layers);
  }

  CRISP_PARAMS_BY(name)

 private:
  template <class Layer, class... Rest>
  static auto first_with_params(const Layer& layer, const Rest&... rest) {
    if constexpr (detail::HasParams<Layer> || sizeof...(Rest) == 0) return std::tie(layer);
    else return first_with_params(rest...);
  }
  template <class Self, class F>
  static void name(Self& self, F& f, const std::string& prefix) {
    Index i = 0;
    const auto one = [&](auto& layer) {
      const std::string place = prefix + std::to_string(i++);
      if constexpr (detail::HasParams<decltype(layer)>)
        detail::visit(f, place, layer);  // an activation has none
    };
    std::apply([&](auto&... layer) { (one(layer), ...); }, self.layers);
  }
};

}  // namespace crisp::nn
