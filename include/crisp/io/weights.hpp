// The weights of a network in a safetensors file, in PyTorch's names and layout. train/state.hpp adds the
// state of a training.
#pragma once
#include <functional>

#include "crisp/core/finite.hpp"
#include "crisp/io/names.hpp"
#include "crisp/io/safetensors.hpp"
#include "crisp/nn/module.hpp"

namespace crisp::io {

using Metadata = std::map<std::string, std::string>;

/// What may explain that the tensors of a file are not those of a network; empty text where nothing does.
/// zoo/weights_file.hpp has one that knows crisp's networks.
template <class M>
using Hint = std::type_identity_t<std::function<std::string(const SafeTensors&, const M&)>>;

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
HostTensor to_file(const Tensor<T, D>& x) {
  return HostTensor::of(torch_shape(x.shape()), channels_first(x.to_host(), x.shape()));
}

template <class T, class D>
void from_file(const HostTensor& h, Tensor<T, D>& x) {
  x.copy_(Tensor<T, D>(x.shape(), channels_last(h.values<T>(), x.shape())));
}

template <class M>
void add_weights(const M& net, const std::string& prefix, SafeTensors& file) {
  net.each_param(
      [&](const std::string& name, const auto& p) { file.tensors[prefix + name] = to_file(p.value()); });
}

// What a file holds that a network does not, or the other way round, in words: the first five of each kind.
template <class M>
std::string differences(const SafeTensors& file, const std::string& prefix, const M& net) {
  std::map<std::string, Shape> wanted;
  net.each_param(
      [&](const std::string& name, const auto& p) { wanted.emplace(prefix + name, torch_shape(p.shape())); });
  std::vector<std::string> all;
  for (const auto& [name, shape] : wanted) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) all.push_back(str(name, " ", shape, " is not in the file"));
    else if (!(found->second.shape == shape))
      all.push_back(str(name, " is ", found->second.shape, " in the file, ", shape, " in the network"));
    else if (!found->second.is_real())
      all.push_back(str(name, " is ", found->second.dtype, " in the file, and not a floating-point number"));
  }
  for (const auto& [name, tensor] : file.tensors)
    if (name.starts_with(prefix) && !wanted.count(name))
      all.push_back(str(name, " ", tensor.shape, " is not in the network"));
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < 5; ++i) text += "\n  " + all[i];
  return all.size() > 5 ? text + str("\n  and ", all.size() - 5, " more") : text;
}

// Takes the tensors whose names begin with `prefix` as the weights of the network: all of them, or an Error,
// which `hint` ends.
template <class M>
void take_weights(const std::filesystem::path& path, const SafeTensors& file, const std::string& prefix,
                  M& net, const Hint<M>& hint = {}) {
  const std::string different = differences(file, prefix, net);
  if (!different.empty()) {
    std::string found = hint ? hint(file, net) : "";
    if (found.empty()) found = "are these the weights of another network, or of another variant?";
    throw Error(str("load: the tensors in '", path.string(), "' are not those of this network:", different,
                    "\n  hint: ", found));
  }
  net.each_param(
      [&](const std::string& name, auto& p) { from_file(file.tensors.at(prefix + name), p.value()); });
}

// Takes off the beginnings that all names of the file share, until a name of the network is among them.
template <class M>
void take_off_prefixes(SafeTensors& file, const M& net) {
  const auto knows = [&](const auto& tensors) {
    bool known = false;
    net.each_param([&](const std::string& name, const auto&) { known = known || tensors.count(name) > 0; });
    return known;
  };
  if (knows(file.tensors)) return;
  auto tensors = file.tensors;
  for (int i = 0; i < max_prefixes && !knows(tensors); ++i) {
    const std::string prefix = shared_prefix(tensors);
    if (prefix.empty()) return;
    tensors = without_prefix(tensors, prefix);
  }
  if (knows(tensors)) file.tensors = std::move(tensors);
}

}  // namespace detail

/// The values of a network's weights that are NaN or infinite.
struct NotFinite {
  std::string first;              // the first weight that has such values; "" where all are finite
  Index in_first = 0, size = 0;   // how many of its values, and of how many
  Index values = 0, weights = 0;  // in all: values, and weights that have them

  /// "12 values are NaN or infinite: 3 of the 108 of 'conv1.weight', the first of 2 such weights"
  std::string sentence() const {
    return str(values, values == 1 ? " value is" : " values are", " NaN or infinite: ", in_first, " of the ",
               size, " of '", first, "'",
               weights > 1 ? str(", the first of ", weights, " such weights") : "");
  }
};

/// Looks at all weights of a network, and counts.
template <class M>
NotFinite not_finite(const M& net) {
  NotFinite found;
  net.each_param([&](const std::string& name, const auto& p) {
    Index count = 0;
    for (const auto value : p.value().to_host()) count += !is_finite(value);
    if (count == 0) return;
    if (found.weights == 0) found = {name, count, p.numel()};
    found.values += count;
    ++found.weights;
  });
  return found;
}

/// Throws Error where a weight of the network that was read from `path` is not finite.
template <class M>
void check_finite(const std::filesystem::path& path, const M& net) {
  const NotFinite found = not_finite(net);
  check(found.values == 0, "load: the weights in '", path.string(), "' are of no use: ", found.sentence(),
        "\n  hint: the training that made them failed; is there an earlier checkpoint?");
}

/// Writes the weights, with text that says what the network is. The file appears whole or not at all. Throws
/// Error.
template <class M>
void save(const std::filesystem::path& path, const M& net, Metadata metadata = {}) {
  metadata.emplace("format", "pt");
  metadata.emplace("producer", "crisp");
  SafeTensors file{std::move(metadata), {}};
  detail::add_weights(net, "", file);
  write_safetensors(path, file);
}

/// Reads the weights into a network of the same structure, and returns the metadata. A beginning that all
/// names share, such as "module.", is taken off where the network has it not. Nothing is loaded partly:
/// throws Error, with the first differences and a hint, before any weight has changed.
template <class M>
Metadata load(const std::filesystem::path& path, M& net, const Hint<M>& hint = {}) {
  SafeTensors file = read_safetensors(path);
  detail::take_off_prefixes(file, net);
  detail::take_weights(path, file, "", net, hint);
  return file.metadata;
}

}  // namespace crisp::io
