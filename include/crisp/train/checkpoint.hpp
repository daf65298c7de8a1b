// Checkpoints: the weights of a network in a safetensors file, in PyTorch's names and layout; and the state of a training.
#pragma once
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "crisp/core/finite.hpp"
#include "crisp/models/recognise.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/optim/optimizer.hpp"
#include "crisp/train/safetensors.hpp"

namespace crisp::train {

using Metadata = std::map<std::string, std::string>;

namespace detail {

/// The shape that PyTorch gives a parameter: a convolution's weight (O, kH, kW, C) is (O, C, kH, kW) there.
inline Shape torch_shape(const Shape& s) { return s.rank() == 4 ? Shape{s[0], s[3], s[1], s[2]} : s; }

// Elements of (O, A, B, C) in the order of (O, C, A, B), or back.
template <class T>
std::vector<T> channels_first(const std::vector<T>& x, const Shape& s) {
  if (s.rank() != 4) return x;
  std::vector<T> y(x.size());
  std::size_t i = 0;
  for (Index o = 0; o < s[0]; ++o)
    for (Index c = 0; c < s[3]; ++c)
      for (Index p = 0; p < s[1] * s[2]; ++p) y[i++] = x[std::size_t((o * s[1] * s[2] + p) * s[3] + c)];
  return y;
}
template <class T>
std::vector<T> channels_last(const std::vector<T>& x, const Shape& s) {  // s is the shape afterwards
  if (s.rank() != 4) return x;
  std::vector<T> y(x.size());
  std::size_t i = 0;
  for (Index o = 0; o < s[0]; ++o)
    for (Index c = 0; c < s[3]; ++c)
      for (Index p = 0; p < s[1] * s[2]; ++p) y[std::size_t((o * s[1] * s[2] + p) * s[3] + c)] = x[i++];
  return y;
}

template <class T, class D>
HostTensor to_file(const Tensor<T, D>& x) { return HostTensor::of(torch_shape(x.shape()), channels_first(x.to_host(), x.shape())); }

template <class T, class D>
void from_file(const HostTensor& h, Tensor<T, D>& x) { x.copy_(Tensor<T, D>(x.shape(), channels_last(h.values<T>(), x.shape()))); }

template <class M>
void add_weights(const M& net, const std::string& prefix, SafeTensors& file) {
  net.each_param([&](const std::string& name, const auto& p) { file.tensors[prefix + name] = to_file(p.value()); });
}

// What a file holds that a network does not, or the other way round, in words: the first five of each kind.
template <class M>
std::string differences(const SafeTensors& file, const std::string& prefix, const M& net) {
  std::map<std::string, Shape> wanted;
  net.each_param([&](const std::string& name, const auto& p) { wanted.emplace(prefix + name, torch_shape(p.shape())); });
  std::vector<std::string> all;
  for (const auto& [name, shape] : wanted) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) all.push_back(str(name, " ", shape, " is not in the file"));
    else if (!(found->second.shape == shape)) all.push_back(str(name, " is ", found->second.shape, " in the file, ", shape, " in the network"));
    else if (!found->second.is_real()) all.push_back(str(name, " is ", found->second.dtype, " in the file, and not a floating-point number"));
  }
  for (const auto& [name, tensor] : file.tensors)
    if (name.starts_with(prefix) && !wanted.count(name)) all.push_back(str(name, " ", tensor.shape, " is not in the network"));
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < 5; ++i) text += "\n  " + all[i];
  return all.size() > 5 ? text + str("\n  and ", all.size() - 5, " more") : text;
}

// The settings that explain differences, as far as the names and shapes tell.
template <class M>
std::string explanation(const SafeTensors& file, const M& net) {
  models::Shapes shapes;
  for (const auto& [name, tensor] : file.tensors) shapes.emplace(name, tensor.shape);
  std::string text;
  try {
    const models::Settings recognised = models::recognise(shapes);
    for (const auto& [key, value] : recognised) {
      if constexpr (requires { net.settings().end(); }) {
        const auto mine = net.settings().find(key);
        if (mine != net.settings().end() && mine->second == value) continue;
        text += (text.empty() ? "" : ", ") + key + " " + value + (mine == net.settings().end() ? "" : " instead of " + mine->second);
      } else {
        text += (text.empty() ? "" : ", ") + key + " " + value;
      }
    }
  } catch (const Error&) {  // no network that crisp knows
  }
  return text.empty() ? "are these the weights of another network, or of another variant?" : "the file looks like " + text;
}

// Takes the tensors whose names begin with `prefix` as the weights of the network: all of them, or an Error.
template <class M>
void take_weights(const std::filesystem::path& path, const SafeTensors& file, const std::string& prefix, M& net) {
  const std::string different = differences(file, prefix, net);
  if (!different.empty()) throw Error(str("load: the tensors in '", path.string(), "' are not those of this network:", different, "\n  hint: ", explanation(file, net)));
  net.each_param([&](const std::string& name, auto& p) { from_file(file.tensors.at(prefix + name), p.value()); });
}

}  // namespace detail

/// Writes the weights, with text that says what the network is. The file appears whole or not at all. Throws Error.
template <class M>
void save(const std::filesystem::path& path, const M& net, Metadata metadata = {}) {
  metadata.emplace("format", "pt");
  metadata.emplace("producer", "crisp");
  SafeTensors file{std::move(metadata), {}};
  detail::add_weights(net, "", file);
  write_safetensors(path, file);
}

/// Reads the weights into a network of the same structure, and returns the metadata. Nothing is loaded partly: throws
/// Error, with the first differences and the setting that would explain them, before any weight has changed.
template <class M>
Metadata load(const std::filesystem::path& path, M& net) {
  const SafeTensors file = read_safetensors(path);
  detail::take_weights(path, file, "", net);
  return file.metadata;
}

/// Everything a training needs to go on as if it had never stopped. Batches follow from the seed and the step.
struct Progress {
  Index step = 0;
  double seconds = 0;
  double best_psnr = -std::numeric_limits<double>::infinity();
  Index best_step = 0;
};

/// Further tensors of a training, by name: the averaged weights.
template <class T, class D>
using ExtraState = std::vector<std::pair<std::string, Tensor<T, D>>>;

/// Writes weights, optimizer and progress into one file, so that they always belong together.
template <class M, class T, class D>
void save_state(const std::filesystem::path& path, const M& net, optim::Optimizer<T, D>& optimizer, const Progress& p, Metadata settings,
                const ExtraState<T, D>* extra = nullptr) {
  const auto exact = [](double v) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", v);
    return std::string(is_finite(v) ? text : "none");
  };
  settings["state.step"] = std::to_string(p.step);
  settings["state.seconds"] = exact(p.seconds);
  settings["state.best_psnr"] = exact(p.best_psnr);
  settings["state.best_step"] = std::to_string(p.best_step);
  settings["state.optimizer_steps"] = std::to_string(optimizer.step_count());
  SafeTensors file{std::move(settings), {}};
  detail::add_weights(net, "net.", file);
  optimizer.each_state([&](const std::string& name, Tensor<T, D>& t) { file.tensors["optimizer." + name] = detail::to_file(t); });
  if (extra)
    for (const auto& [name, t] : *extra) file.tensors["extra." + name] = detail::to_file(t);
  write_safetensors(path, file);
}

/// Restores what save_state wrote. Throws Error, before anything has changed, where a setting or a tensor differs.
template <class M, class T, class D>
Progress load_state(const std::filesystem::path& path, M& net, optim::Optimizer<T, D>& optimizer, const Metadata& settings, ExtraState<T, D>* extra = nullptr) {
  const SafeTensors file = read_safetensors(path);
  const auto text = [&](const std::string& key) {
    const auto found = file.metadata.find(key);
    check(found != file.metadata.end(), "resume: '", path.string(), "' has no '", key, "'; it is not the state of a training");
    return found->second;
  };
  for (const auto& [key, value] : settings)
    check(text(key) == value, "resume: the setting '", key, "' was '", text(key), "' in '", path.string(), "', and is '", value, "' now",
          "\n  hint: resume with the same settings, or begin anew in another folder");
  const auto number = [&](const std::string& key, double most) {  // finite, at most `most`, as a file may hold anything
    const std::string t = text(key);
    char* end = nullptr;
    const double v = std::strtod(t.c_str(), &end);
    check(!t.empty() && end == t.c_str() + t.size() && std::abs(v) <= most, "resume: '", key, "' in '", path.string(), "' is '", t, "', not a number that fits");
    return v;
  };
  const auto whole = [&](const std::string& key) {
    const double v = number(key, 9e15);  // a double counts so far exactly
    check(v >= 0 && v == std::floor(v), "resume: '", key, "' in '", path.string(), "' is ", v, ", not a whole number of 0 or more");
    return Index(v);
  };
  Progress p{whole("state.step"), number("state.seconds", 3e9), -std::numeric_limits<double>::infinity(), whole("state.best_step")};
  check(p.seconds >= 0, "resume: 'state.seconds' in '", path.string(), "' is ", p.seconds, ", less than 0");
  if (text("state.best_psnr") != "none") p.best_psnr = number("state.best_psnr", 1e300);
  const Index steps = whole("state.optimizer_steps");
  const auto fits = [&](const std::string& name, const Tensor<T, D>& t) {
    const auto found = file.tensors.find(name);
    check(found != file.tensors.end() && found->second.shape == detail::torch_shape(t.shape()), "resume: '", path.string(),
          "' holds no fitting '", name, "'\n  hint: resume with the same optimizer");
  };
  optimizer.each_state([&](const std::string& name, Tensor<T, D>& t) { fits("optimizer." + name, t); });
  if (extra)
    for (const auto& [name, t] : *extra) fits("extra." + name, t);
  detail::take_weights(path, file, "net.", net);
  optimizer.each_state([&](const std::string& name, Tensor<T, D>& t) { detail::from_file(file.tensors.at("optimizer." + name), t); });
  if (extra)
    for (auto& [name, t] : *extra) detail::from_file(file.tensors.at("extra." + name), t);
  optimizer.set_step_count(steps);
  return p;
}

}  // namespace crisp::train
