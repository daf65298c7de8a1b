// Weights files as programs meet them: read once, recognised, and their names brought to crisp's.
#pragma once
#include "crisp/core/backend.hpp"
#include "crisp/core/scoped.hpp"
#include "crisp/io/pth.hpp"
#include "crisp/io/weights.hpp"
#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/which_weights.hpp"

namespace crisp::zoo {

/// A file, its tensors under crisp's names, and what the network is.
struct WeightsFile {
  std::filesystem::path path;
  io::SafeTensors content;
  Settings settings;         // for AnyModel::create
  bool knows_scale = false;  // whether the file says, or implies, the scale
};

namespace detail {

/// Whether the metadata are those of a file that crisp wrote: those of others mean something else.
inline bool is_own(const io::SafeTensors& file) {
  const auto producer = file.metadata.find("producer");
  return producer != file.metadata.end() && producer->second == "crisp" && file.metadata.count("model") > 0;
}

// The tensors in the bytes of a file of either form, and which of them are the weights; those of a file of
// crisp's are all.
inline std::pair<io::SafeTensors, FoundWeights> parse_and_find(const std::string& file,
                                                               const std::filesystem::path& path,
                                                               const std::string& key) {
  const std::string where = str("load: '", path.string(), "': ");
  FoundWeights found;
  const auto choose = [&](const std::vector<io::StateDict>& all) {
    found = find_weights(where, all, key);
    return found.dictionary;
  };
  if (io::is_pth(file)) {
    io::SafeTensors content = io::parse_pth(file, path, choose);
    return {std::move(content), found};
  }
  io::SafeTensors content = io::parse_safetensors(file, path);
  check(!content.tensors.empty(), where, "it holds no tensors");
  if (key.empty() && is_own(content)) {
    found.settings = content.metadata;
    return {std::move(content), found};
  }
  io::StateDict all;
  for (const auto& [name, tensor] : content.tensors) all.shapes.emplace(name, tensor.shape);
  choose({all});
  return {std::move(content), found};
}

}  // namespace detail

/// The bytes of a file of crisp's, or of another program whose names zoo/recognise.hpp knows; it may be of
/// either form, safetensors or PyTorch's, whatever its name says. `path` is for messages. Where the file
/// holds several networks, `key` says which. Throws Error where it is damaged, or fits no network.
inline WeightsFile parse_weights(const std::string& bytes, const std::filesystem::path& path,
                                 const std::string& key = "") {
  auto [raw, found] = detail::parse_and_find(bytes, path, key);
  std::map<std::string, io::HostTensor> tensors = io::without_prefix(std::move(raw.tensors), found.prefix);
  Shapes shapes;
  for (const auto& [name, tensor] : tensors) shapes.emplace(name, tensor.shape);
  WeightsFile file{path, {raw.metadata, {}}, found.settings};
  for (const auto& [name, to] : canonical_names(shapes)) {
    if (to.empty()) continue;
    const bool added = file.content.tensors.emplace(to, std::move(tensors.at(name))).second;
    check(added, "load: '", path.string(), "' holds '", to, "' twice, under two names");
  }
  if (!found.key.empty()) file.content.metadata["taken_from"] = found.key;
  // A light EDSR that takes no mean colour off.
  if (raw.metadata.count("input_range")) file.settings["mean_shift"] = "no";
  file.knows_scale = file.settings.count("scale") > 0;
  return file;
}

/// parse_weights of a file. Throws Error where there is none, too.
inline WeightsFile open_weights(const std::filesystem::path& path, const std::string& key = "") {
  return parse_weights(read_file("load", path), path, key);
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
/// many, or has another shape, and where the file describes a network far larger than its tensors.
template <class T, class D>
AnyModel<T, D> load_any(const WeightsFile& file) {
  Index held = 0;
  for (const auto& [name, tensor] : file.content.tensors) held += Index(tensor.bytes.size());
  constexpr Index little = Index(16) << 20;
  auto net = [&] {  // a file of a few bytes must not make a network of gigabytes
    const Scoped<Index> bounded(crisp::detail::allowance, 16 * held + little);
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
