// Recognises a network by the names and shapes of its weights, and knows the names that others give to them.
#pragma once
#include "crisp/zoo/elsewhere.hpp"
#include "crisp/zoo/known.hpp"

namespace crisp::zoo {

namespace detail {

// Counters, masks and mean colours: they follow from the architecture.
inline bool is_constant(const std::string& name, const std::string& last_part) {
  if (name.starts_with("sub_mean.") || name.starts_with("add_mean.")) return true;
  return last_part == "num_batches_tracked" || last_part == "attn_mask" ||
         last_part == "relative_position_index";
}

// The first tensors of a file, a line each.
inline std::string first_tensors(const Shapes& file) {
  std::string text;
  for (const auto& [name, shape] : file) {
    text += operand(name, shape);
    if (text.size() > 400) return text + "\n  ...";
  }
  return text;
}

}  // namespace detail

/// crisp's name for each tensor of a file; "" for one that is no weight but follows from the architecture.
/// Knows the official EDSR beside BasicSR's, the older MSRResNet's, and a popular SRGAN's: see
/// Entry::renaming.
inline std::map<std::string, std::string> canonical_names(const Shapes& file) {
  std::vector<Renaming> renamings;
  for (const KnownNetwork& known : known_networks<void>())
    if (Renaming renaming = known.renaming(file)) renamings.push_back(std::move(renaming));
  const auto canonical = [&](const std::string& name, const std::vector<std::string>& parts) {
    for (const Renaming& renaming : renamings)
      if (const auto known = renaming(parts)) return *known;
    return name;
  };
  std::map<std::string, std::string> names;
  for (const auto& [name, shape] : file) {
    const std::vector<std::string> parts = split_name(name);
    names[name] = detail::is_constant(name, parts.back()) ? "" : canonical(name, parts);
  }
  return names;
}

/// The tensors under crisp's names, without those that are no weights.
inline Shapes canonical(const Shapes& file) {
  Shapes shapes;
  for (const auto& [name, to] : canonical_names(file))
    if (!to.empty()) shapes.emplace(to, file.at(name));
  return shapes;
}

/// The settings of the network that holds tensors of these canonical names and PyTorch shapes, for files that
/// do not say what they are; empty where nothing fits. The scale is not known where the weights do not depend
/// on it.
inline Settings recognised(const Shapes& file) {
  Settings found;
  if (!network_elsewhere(file).empty()) return found;
  for (const KnownNetwork& known : known_networks<void>())
    if (found.empty()) found = known.recognise(file);
  return found;
}

/// Why the tensors of a file are those of no network that crisp has, in words: with the name of the network
/// where it is a known one of others, else with the first tensors.
inline std::string why_unknown(const Shapes& file) {
  const std::string other = network_elsewhere(file);
  if (!other.empty())
    return "these are the weights of another network, " + other +
           ", which crisp does not have\n  hint: crisp info --models lists those that it has";
  return str("the weights fit none of the networks that crisp knows; the file holds ", file.size(),
             " tensors:", detail::first_tensors(file));
}

/// As recognised(); throws Error where nothing fits.
inline Settings recognise(const Shapes& file) {
  const Settings found = recognised(file);
  if (found.empty()) throw Error(why_unknown(file));
  return found;
}

}  // namespace crisp::zoo
