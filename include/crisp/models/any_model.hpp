// AnyModel: a network chosen by its name and settings at run time, for programs; and how to recognise one from a file.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crisp/models/srcnn.hpp"

namespace crisp::models {

/// What a network is, as text: {"model": "srcnn", "variant": "9-1-5", "scale": "3", "channels": "1"}.
using Settings = std::map<std::string, std::string>;

/// The names that AnyModel::create takes.
inline std::vector<std::string> model_names() { return {"srcnn"}; }

namespace detail {

inline std::string setting(const Settings& settings, const std::string& key, const std::string& otherwise) {
  const auto found = settings.find(key);
  return found == settings.end() ? otherwise : found->second;
}

/// A whole number of at least 1; throws Error that names the setting.
inline Index number(const Settings& settings, const std::string& key, Index otherwise) {
  const std::string text = setting(settings, key, std::to_string(otherwise));
  check(!text.empty() && text.size() < 7 && text.find_first_not_of("0123456789") == std::string::npos && std::stol(text) >= 1,
        "model: the setting '", key, "' must be a whole number of at least 1, not '", text, "'");
  return std::stol(text);
}

inline SrcnnOptions srcnn_options(const Settings& settings) {
  const std::string variant = setting(settings, "variant", "9-1-5");
  SrcnnOptions o{.channels = number(settings, "channels", 1), .identity = true};
  check(variant == "9-1-5" || variant == "9-3-5" || variant == "9-5-5", "model: srcnn has the variants 9-1-5, 9-3-5 and 9-5-5, not '", variant, "'");
  o.f2 = variant[2] - '0';
  return o;
}

}  // namespace detail

template <class T, class D>
class AnyModel {
 public:
  /// The network that the settings name, with new weights. Throws Error for an unknown name or a bad setting.
  static AnyModel create(const Settings& settings) {
    const std::string name = detail::setting(settings, "model", "");
    if (name == "srcnn") return srcnn(settings);
    std::string known;
    for (const std::string& n : model_names()) known += " " + n;
    throw Error(str("model: there is no network called '", name, "'; the networks are:", known));
  }

  const std::string& name() const { return settings_.at("model"); }
  const Settings& settings() const { return settings_; }
  Index scale() const { return detail::number(settings_, "scale", 1); }
  Index channels() const { return detail::number(settings_, "channels", 1); }   // 1 is luma, 3 is RGB
  bool takes_enlarged_input() const { return enlarged_; }                       // ILR, else LR

  /// (N, H, W, C) -> (N, H, W, C), or (N, scale H, scale W, C) for a network that enlarges.
  Var<T, D> operator()(const Var<T, D>& x) const { return forward_(x); }

  /// As it is trained: the result may be the centre alone, and be smaller. See crisp::centre.
  Var<T, D> training_forward(const Var<T, D>& x) const { return training_forward_(x); }

  /// How many pixels training_forward takes off each side.
  Index training_margin() const { return margin_; }

  template <class F> void each_param(F&& f, const std::string& prefix = "") {
    for (auto& [name, param] : params_) f(prefix + name, *param);
  }
  template <class F> void each_param(F&& f, const std::string& prefix = "") const {
    for (const auto& [name, param] : params_) f(prefix + name, std::as_const(*param));
  }

 private:
  static AnyModel srcnn(Settings settings) {
    const SrcnnOptions o = detail::srcnn_options(settings);
    settings["variant"] = str(o.f1, "-", o.f2, "-", o.f3);
    settings["channels"] = str(o.channels);
    settings["scale"] = str(detail::number(settings, "scale", 3));
    AnyModel any(std::move(settings), std::make_shared<Srcnn<T, D>>(o));
    any.enlarged_ = true;
    any.margin_ = (o.f1 + o.f2 + o.f3 - 3) / 2;
    return any;
  }

  template <class Net>
  AnyModel(Settings settings, std::shared_ptr<Net> net) : settings_(std::move(settings)) {
    net->each_param([&](const std::string& name, nn::Param<T, D>& p) { params_.emplace_back(name, &p); });
    forward_ = [net](const Var<T, D>& x) { return (*net)(x); };
    training_forward_ = [net](const Var<T, D>& x) {
      if constexpr (requires { net->valid(x); }) return net->valid(x);
      else return (*net)(x);
    };
  }

  Settings settings_;
  bool enlarged_ = false;
  Index margin_ = 0;
  std::vector<std::pair<std::string, nn::Param<T, D>*>> params_;  // owned by the network that forward_ holds
  std::function<Var<T, D>(const Var<T, D>&)> forward_, training_forward_;
};

/// The settings of the network that holds these parameters, by name and PyTorch shape (O, C, kH, kW): for files
/// that do not say what they are. The scale is not known from the weights. Throws Error where nothing fits.
inline Settings recognise(const std::map<std::string, Shape>& shapes) {
  const auto kernel = [&](const char* name) {
    const auto found = shapes.find(name);
    return found != shapes.end() && found->second.rank() == 4 ? found->second[-1] : 0;
  };
  const Index f1 = kernel("conv1.weight"), f2 = kernel("conv2.weight"), f3 = kernel("conv3.weight");
  if (shapes.size() == 6 && f1 == 9 && f3 == 5 && (f2 == 1 || f2 == 3 || f2 == 5))
    return {{"model", "srcnn"}, {"variant", str(f1, "-", f2, "-", f3)}, {"channels", str(shapes.at("conv1.weight")[1])}};
  std::string names;
  for (const auto& [name, shape] : shapes) {
    names += operand(name, shape);
    if (names.size() > 400) { names += "\n  ..."; break; }
  }
  throw Error(str("the weights fit none of the networks that crisp knows; the file holds ", shapes.size(), " tensors:", names));
}

}  // namespace crisp::models
