// AnyModel: a network chosen by its name and settings at run time, for programs.
#pragma once
#include <functional>
#include <memory>
#include <utility>

#include "crisp/models/input_spec.hpp"
#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/zoo/settings.hpp"

namespace crisp::zoo {

/// Move-only, as every network is: two of them never share weights by accident.
template <class T, class D>
class AnyModel {
 public:
  /// The network that the settings name ("model", "scale", "variant", ...), with new weights. What they leave
  /// open gets the value of the paper. Throws Error for an unknown name or a bad setting.
  static AnyModel create(const Settings& given);

  AnyModel(const AnyModel&) = delete;             // crisp: clone() makes a network with weights of its own
  AnyModel& operator=(const AnyModel&) = delete;  // crisp: clone() makes a network with weights of its own
  AnyModel(AnyModel&&) noexcept = default;
  AnyModel& operator=(AnyModel&&) noexcept = default;

  /// A network with equal weights, that shares nothing with this one.
  AnyModel clone() const;

  const std::string& name() const { return settings_.at("model"); }
  const Settings& settings() const { return settings_; }  // all of them, also those that were left open
  const models::InputSpec& input_spec() const { return input_spec_; }
  Index scale() const { return std::stol(settings_.at("scale")); }  // also of a network on the enlarged image
  Index channels() const { return input_spec_.channels; }

  /// (N, H, W, C), 0..1 -> (N, H, W, C), or (N, scale H, scale W, C) for a network that enlarges.
  Var<T, D> operator()(const Var<T, D>& x) const { return forward_(x); }

  /// As it is trained: the result may be the centre alone, smaller by input_spec().margin on each side.
  /// See crisp::centre.
  Var<T, D> training_forward(const Var<T, D>& x) const { return training_forward_(x); }

  /// Whether it has several outputs, and learns from all of them: see models::HasPictures.
  bool has_pictures() const { return bool(pictures_); }

  /// Those, the smallest first; of another network its one result.
  std::vector<Var<T, D>> pictures(const Var<T, D>& x) const {
    return has_pictures() ? pictures_(x) : std::vector<Var<T, D>>{forward_(x)};
  }

  template <class F>
  void each_param(F&& f, const std::string& prefix = "") {
    for (auto& [name, param] : params_) f(prefix + name, *param);
  }
  template <class F>
  void each_param(F&& f, const std::string& prefix = "") const {
    for (const auto& [name, param] : params_) f(prefix + name, std::as_const(*param));
  }

 private:
  template <class Net>
  AnyModel(SettingsReader& settings, Net made) : input_spec_(made.input_spec()) {
    check_input(settings);
    settings_ = settings.used();
    const auto net = std::make_shared<Net>(std::move(made));
    net->each_param([&](const std::string& name, auto& param) { params_.emplace_back(name, &param); });
    forward_ = [net](const Var<T, D>& x) { return (*net)(x); };
    training_forward_ = [net](const Var<T, D>& x) {
      if constexpr (requires { net->valid(x); }) return net->valid(x);
      else return (*net)(x);
    };
    if constexpr (models::HasPictures<Net, T, D>)
      pictures_ = [net](const Var<T, D>& x) { return net->pictures(x); };
  }

  // A scale or channels that the network does not depend on must be those that it has.
  void check_input(SettingsReader& settings) const {
    const std::string name = settings.word("model", "");
    const Index scale = settings.number("scale", input_spec_.enlarged ? 3 : input_spec_.scale);
    const Index channels = settings.number("channels", input_spec_.channels);
    check(input_spec_.enlarged || scale == input_spec_.scale, "model: ", name, " works at x",
          input_spec_.scale, ", not at x", scale);
    check(channels == input_spec_.channels, "model: ", name, " works on ", input_spec_.channels,
          " channels, not on ", channels);
  }

  Settings settings_;
  models::InputSpec input_spec_;
  std::vector<std::pair<std::string, nn::Param<T, D>*>> params_;  // owned by the network that forward_ holds
  std::function<Var<T, D>(const Var<T, D>&)> forward_, training_forward_;
  std::function<std::vector<Var<T, D>>(const Var<T, D>&)> pictures_;  // empty where there is only one
};

/// A network of the same settings and with equal weights, on the device D with values of type T.
template <class T, class D, class OtherT, class OtherD>
AnyModel<T, D> copy_of(const AnyModel<OtherT, OtherD>& net) {
  const Rng random = nn::detail::generator;  // the weights that it begins with are overwritten
  AnyModel<T, D> copy = AnyModel<T, D>::create(net.settings());
  nn::detail::generator = random;  // so they have drawn nothing
  std::map<std::string, const nn::Param<OtherT, OtherD>*> params;
  net.each_param([&](const std::string& name, const auto& param) { params.emplace(name, &param); });
  copy.each_param([&](const std::string& name, auto& param) {
    param.value().copy_(Tensor<Wide<T>, D>(param.shape(), params.at(name)->value().to_host()));
  });
  return copy;
}

// Outside the class, as create is: see networks.hpp.
template <class T, class D>
AnyModel<T, D> AnyModel<T, D>::clone() const {
  return copy_of<T, D>(*this);
}

}  // namespace crisp::zoo

#ifndef CRISP_NETWORKS_ELSEWHERE  // another file of the program compiles them: see networks.hpp
#include "crisp/zoo/networks.hpp"
#endif
