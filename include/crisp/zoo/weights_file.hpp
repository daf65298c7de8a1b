// Weights files as programs meet them: read once, recognised, and their names brought to crisp's.
#pragma once
#include "crisp/io/pth.hpp"
#include "crisp/io/weights.hpp"
#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/recognise.hpp"

namespace crisp::zoo {

/// A file, its tensors under crisp's names, and what the network is.
struct WeightsFile {
  std::filesystem::path path;
  io::SafeTensors content;
  Settings settings;         // for AnyModel::create
  bool knows_scale = false;  // whether the file says, or implies, the scale
};

/// The tensors of a file of either form, safetensors or PyTorch's, whatever its name says. Throws Error.
inline io::SafeTensors read_weights(const std::filesystem::path& path) {
  const std::string file = read_file("load", path);
  return io::is_pth(file) ? io::parse_pth(file, path) : io::parse_safetensors(file, path);
}

/// Reads a file of crisp's, or of another program whose names zoo/recognise.hpp knows. Throws Error where it
/// is damaged, or fits no network.
inline WeightsFile open_weights(const std::filesystem::path& path) {
  io::SafeTensors raw = read_weights(path);
  Shapes shapes, canonical;
  for (const auto& [name, tensor] : raw.tensors) shapes.emplace(name, tensor.shape);
  WeightsFile file{path, {raw.metadata, {}}, {}};
  for (const auto& [name, to] : canonical_names(shapes)) {
    if (to.empty()) continue;
    const bool added = file.content.tensors.emplace(to, std::move(raw.tensors.at(name))).second;
    check(added, "load: '", path.string(), "' holds '", to, "' twice, under two names");
    canonical.emplace(to, shapes.at(name));
  }
  file.settings = raw.metadata;
  if (!raw.metadata.count("model")) {
    try {
      file.settings = recognise(canonical);
    } catch (const Error& e) {
      throw Error(str("'", path.string(), "': ", e.what()));
    }
  }
  // A light EDSR that takes no mean colour off.
  if (raw.metadata.count("input_range")) file.settings["mean_shift"] = "no";
  file.knows_scale = file.settings.count("scale") > 0;
  return file;
}

namespace detail {

// The settings that explain the differences between a file and a network, as far as names and shapes tell;
// else nothing.
template <class M>
std::string looks_like(const io::SafeTensors& file, const M& net) {
  Shapes shapes;
  for (const auto& [name, tensor] : file.tensors) shapes.emplace(name, tensor.shape);
  std::string text;
  try {
    Settings mine;
    if constexpr (requires { net.settings().end(); }) mine = net.settings();
    for (const auto& [key, value] : recognise(shapes)) {
      const auto found = mine.find(key);
      if (found != mine.end() && found->second == value) continue;
      text += (text.empty() ? "" : ", ") + key + " " + value;
      if (found != mine.end()) text += " instead of " + found->second;
    }
  } catch (const Error&) {  // no network that crisp knows
  }
  return text.empty() ? "" : "the file looks like " + text;
}

}  // namespace detail

/// io::load, with a hint that names the settings by which the file and the network differ.
template <class M>
io::Metadata load(const std::filesystem::path& path, M& net) {
  return io::load(path, net, detail::looks_like<M>);
}

/// The network that the file describes, with its weights. Throws Error where a tensor is missing, is one too
/// many, or has another shape.
template <class T, class D>
AnyModel<T, D> load_any(const WeightsFile& file) {
  auto net = [&] {
    try {
      return AnyModel<T, D>::create(file.settings);
    } catch (const Error& e) {
      throw Error(str("'", file.path.string(), "': ", e.what()));
    }
  }();
  using Net = AnyModel<T, D>;
  io::detail::take_weights<Net>(file.path, file.content, "", net, detail::looks_like<Net>);
  return net;
}

/// What load_matching did.
struct Matched {
  Index taken = 0;
  std::vector<std::string> left;  // weights of the network that keep their beginning, each with the reason
};

/// Takes those weights of the file whose name and shape the network has, and leaves the others as they are:
/// to begin x4 from x2. Throws Error where none fits.
template <class M>
Matched load_matching(const WeightsFile& file, M& net) {
  Matched result;
  net.each_param([&](const std::string& name, auto& p) {
    const auto found = file.content.tensors.find(name);
    const Shape shape = io::detail::torch_shape(p.shape());
    if (found == file.content.tensors.end()) {
      result.left.push_back(name + ": not in the file");
    } else if (!(found->second.shape == shape)) {
      const Shape& other = found->second.shape;
      result.left.push_back(str(name, ": ", other, " in the file, ", shape, " in the network"));
    } else {
      io::detail::from_file(found->second, p.value());
      ++result.taken;
    }
  });
  check(result.taken > 0, "init: '", file.path.string(), "' has no weight that fits this network");
  return result;
}

}  // namespace crisp::zoo
