// AnyModel: a network chosen by its name and settings at run time, for programs.
#pragma once
#include <functional>
#include <memory>
#include <utility>

#include "crisp/models/arcnn.hpp"
#include "crisp/models/dncnn.hpp"
#include "crisp/models/edsr.hpp"
#include "crisp/models/espcn.hpp"
#include "crisp/models/fsrcnn.hpp"
#include "crisp/models/hybrid.hpp"
#include "crisp/models/msrresnet.hpp"
#include "crisp/models/sr_autoencoder.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/models/srcnn_bn.hpp"
#include "crisp/models/srresnet.hpp"
#include "crisp/models/srresnet_lecture.hpp"
#include "crisp/models/srresnet_lite.hpp"
#include "crisp/models/swinir.hpp"
#include "crisp/models/vdsr.hpp"
#include "crisp/zoo/settings.hpp"

namespace crisp::zoo {

/// The names that AnyModel::create takes.
inline const std::vector<std::string>& model_names() {
  static const std::vector<std::string> names{"srcnn", "srcnn-bn", "srresnet-lecture", "srresnet-lite", "srautoencoder", "srresnet", "msrresnet", "srgan", "edsr-baseline",
                                              "edsr", "swinir-light", "swinir", "hybrid", "vdsr", "arcnn", "fsrcnn", "espcn", "dncnn"};
  return names;
}

template <class T, class D>
class AnyModel {
 public:
  /// The network that the settings name ("model", "scale", "variant", ...), with new weights; what they leave open gets the
  /// value of the paper. Throws Error for an unknown name or a bad setting.
  static AnyModel create(const Settings& given);

  const std::string& name() const { return settings_.at("model"); }
  const Settings& settings() const { return settings_; }  // all of them, also those that were left open
  const models::InputSpec& input_spec() const { return input_spec_; }
  Index scale() const { return std::stol(settings_.at("scale")); }  // also of a network on the enlarged image
  Index channels() const { return input_spec_.channels; }

  /// (N, H, W, C), 0..1 -> (N, H, W, C), or (N, scale H, scale W, C) for a network that enlarges.
  Var<T, D> operator()(const Var<T, D>& x) const { return forward_(x); }

  /// As it is trained: the result may be the centre alone, smaller by input_spec().margin on each side. See crisp::centre.
  Var<T, D> training_forward(const Var<T, D>& x) const { return training_forward_(x); }

  template <class F> void each_param(F&& f, const std::string& prefix = "") {
    for (auto& [name, param] : params_) f(prefix + name, *param);
  }
  template <class F> void each_param(F&& f, const std::string& prefix = "") const {
    for (const auto& [name, param] : params_) f(prefix + name, std::as_const(*param));
  }

 private:
  static models::SrcnnOptions srcnn_options(SettingsReader& s) {
    const std::string variant = s.word("variant", "9-1-5", {"9-1-5", "9-3-5", "9-5-5"});
    return {.f2 = variant[2] - '0', .channels = s.number("channels", 1), .identity = true};
  }
  static models::SrResNetOptions srresnet_options(SettingsReader& s) {
    return {.scale = s.number("scale", 4), .features = s.number("features", 64), .blocks = s.number("blocks", 16),
            .norm_after_body = s.yes("norm_after_body", true), .tanh = s.yes("tanh", false)};
  }
  static models::MsrResNetOptions msrresnet_options(SettingsReader& s) {
    return {.scale = s.number("scale", 4), .features = s.number("features", 64), .blocks = s.number("blocks", 16)};
  }
  static models::EdsrOptions edsr_options(SettingsReader& s, bool full) {
    const models::EdsrOptions base = full ? models::EdsrOptions::full(2) : models::EdsrOptions{};
    return {.scale = s.number("scale", 2), .features = s.number("features", base.features), .blocks = s.number("blocks", base.blocks),
            .residual_scale = s.real("residual_scale", base.residual_scale), .direct = s.yes("direct", false), .mean_shift = s.yes("mean_shift", true)};
  }
  static models::SwinIrOptions swinir_options(SettingsReader& s, bool light) {
    const std::string variant = light ? "light" : s.word("variant", "classical", {"classical", "real", "denoise", "jpeg"});
    const Index scale = s.number("scale", variant == "denoise" || variant == "jpeg" ? 1 : variant == "real" ? 4 : 2);
    const bool restores = variant == "denoise" || variant == "jpeg";
    check(!restores || scale == 1, "model: swinir ", variant, " does not enlarge; its scale is 1, not ", scale);
    models::SwinIrOptions o = light ? models::SwinIrOptions::light(scale) : models::SwinIrOptions::classical(scale);
    if (variant == "real") o.tail = models::SwinTail::nearest_conv;
    if (restores) o = variant == "denoise" ? models::SwinIrOptions::denoise(s.number("channels", 1)) : models::SwinIrOptions::jpeg(s.number("channels", 1));
    o.embed = s.number("embed", o.embed);
    o.heads = s.number("heads", o.heads);
    o.window = s.number("window", o.window);
    o.depths = s.numbers("depths", o.depths);
    o.mlp_ratio = s.real("mlp_ratio", o.mlp_ratio);
    o.drop_path = s.real("drop_path", o.drop_path);
    o.checkpointed = s.yes("checkpointed", false);
    return o;
  }
  static models::HybridOptions hybrid_options(SettingsReader& s) {
    return {.scale = s.number("scale", 4), .features = s.number("features", 256), .blocks = s.number("blocks", 64), .embed = s.number("embed", 180),
            .heads = s.number("heads", 6), .window = s.number("window", 8), .depths = s.numbers("depths", {6, 6, 6, 6})};
  }

  template <class Net>
  AnyModel(SettingsReader& s, Net&& made) : input_spec_(made.input_spec()) {
    s.number("scale", input_spec_.enlarged ? 3 : input_spec_.scale);
    s.number("channels", input_spec_.channels);
    check(input_spec_.enlarged || s.number("scale", 1) == input_spec_.scale, "model: ", s.word("model", ""), " works at x", input_spec_.scale, ", not at x", s.number("scale", 1));
    check(s.number("channels", 3) == input_spec_.channels, "model: ", s.word("model", ""), " works on ", input_spec_.channels, " channels, not on ", s.number("channels", 3));
    settings_ = s.used();
    const auto net = std::make_shared<Net>(std::move(made));
    net->each_param([&](const std::string& name, nn::Param<T, D>& p) { params_.emplace_back(name, &p); });
    forward_ = [net](const Var<T, D>& x) { return (*net)(x); };
    training_forward_ = [net](const Var<T, D>& x) {
      if constexpr (requires { net->valid(x); }) return net->valid(x);
      else return (*net)(x);
    };
  }

  Settings settings_;
  models::InputSpec input_spec_;
  std::vector<std::pair<std::string, nn::Param<T, D>*>> params_;  // owned by the network that forward_ holds
  std::function<Var<T, D>(const Var<T, D>&)> forward_, training_forward_;
};

// Outside the class, so that `extern template class AnyModel<...>` spares other files the compilation of all networks.
template <class T, class D>
AnyModel<T, D> AnyModel<T, D>::create(const Settings& given) {
  SettingsReader s(given);
  const std::string name = s.word("model", "");
  if (name == "srcnn") return AnyModel(s, models::Srcnn<T, D>(srcnn_options(s)));
  if (name == "srcnn-bn") return AnyModel(s, models::SrcnnBN<T, D>());
  if (name == "srresnet-lecture") return AnyModel(s, models::SrResNetLecture<T, D>());
  if (name == "srresnet-lite") return AnyModel(s, models::SrResNetLite<T, D>());
  if (name == "srautoencoder") return AnyModel(s, models::SrAutoencoder<T, D>());
  if (name == "srresnet" || name == "srgan") return AnyModel(s, models::SrResNet<T, D>(srresnet_options(s)));
  if (name == "msrresnet") return AnyModel(s, models::MsrResNet<T, D>(msrresnet_options(s)));
  if (name == "edsr-baseline" || name == "edsr") return AnyModel(s, models::Edsr<T, D>(edsr_options(s, name == "edsr")));
  if (name == "swinir-light" || name == "swinir") return AnyModel(s, models::SwinIr<T, D>(swinir_options(s, name == "swinir-light")));
  if (name == "hybrid") return AnyModel(s, models::Hybrid<T, D>(hybrid_options(s)));
  if (name == "vdsr") return AnyModel(s, models::Vdsr<T, D>({.depth = s.number("depth", 20), .features = s.number("features", 64), .channels = s.number("channels", 1)}));
  if (name == "arcnn") return AnyModel(s, models::Arcnn<T, D>());
  if (name == "fsrcnn") return AnyModel(s, models::Fsrcnn<T, D>({.scale = s.number("scale", 3), .d = s.number("d", 56), .s = s.number("s", 12), .m = s.number("m", 4)}));
  if (name == "espcn") return AnyModel(s, models::Espcn<T, D>({.scale = s.number("scale", 3), .channels = s.number("channels", 1)}));
  if (name == "dncnn")
    return AnyModel(s, models::Dncnn<T, D>({.depth = s.number("depth", 17), .features = s.number("features", 64), .channels = s.number("channels", 1), .batch_norm = s.yes("batch_norm", true)}));
  std::string known;
  for (const std::string& n : model_names()) known += " " + n;
  throw Error(str("model: there is no network called '", name, "'; the networks are:", known));
}

}  // namespace crisp::zoo
