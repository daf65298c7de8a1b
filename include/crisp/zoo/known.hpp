// KnownNetwork: what the zoo says of a network without making it. All that asks by a name, or by the shapes
// in a file, asks here. So it compiles without the networks themselves.
#pragma once
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

/// What the Entry of a network says: see there.
struct KnownNetwork {
  std::vector<About> about;
  bool from_examples = false, one_for_all_scales = false;
  Recipe (*recipe)(const std::string& name, const std::string& variant) = nullptr;
  Settings (*recognise)(const Shapes&) = nullptr;
  Renaming (*renaming)(const Shapes&) = nullptr;
};

/// All networks, in the order in which people read them; networks.hpp lists them. A template of nothing, for
/// `extern template`.
template <class Nothing>
const std::vector<KnownNetwork>& known_networks();

/// All names, each with what people want to know first.
inline std::vector<About> about_networks() {
  std::vector<About> all;
  for (const KnownNetwork& known : known_networks<void>())
    all.insert(all.end(), known.about.begin(), known.about.end());
  return all;
}

/// The names that AnyModel::create takes.
inline std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const About& about : about_networks()) names.push_back(about.name);
  return names;
}

/// The network of this name; nothing for an unknown name.
inline const KnownNetwork* known_network(const std::string& name) {
  for (const KnownNetwork& known : known_networks<void>())
    for (const About& about : known.about)
      if (about.name == name) return &known;
  return nullptr;
}

/// Whether the name is that of a method that is learnt from examples; false for an unknown name.
inline bool from_examples(const std::string& name) {
  const KnownNetwork* const known = known_network(name);
  return known && known->from_examples;
}

/// Whether a file of this network's weights serves each of its scales, whatever scale it says; false for an
/// unknown name.
inline bool one_for_all_scales(const std::string& name) {
  const KnownNetwork* const known = known_network(name);
  return known && known->one_for_all_scales;
}

/// The recipe of the network with this name; for an unknown name that of SRCNN.
inline Recipe recipe_of(const std::string& name, const std::string& variant) {
  const KnownNetwork* const known = known_network(name);
  return known ? known->recipe(name, variant) : known_network("srcnn")->recipe("srcnn", "");
}

}  // namespace crisp::zoo

#ifndef CRISP_NETWORKS_ELSEWHERE  // another file of the program compiles them: see networks.hpp
#include "crisp/zoo/networks.hpp"
#endif
