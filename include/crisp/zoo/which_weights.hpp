// Which of the tensors of a file are the weights of a network, where a file holds several dictionaries of
// tensors, or names that all begin alike.
#pragma once
#include "crisp/io/names.hpp"
#include "crisp/io/state_dict.hpp"
#include "crisp/zoo/recognise.hpp"

namespace crisp::zoo {

/// The weights of a network within a file.
struct FoundWeights {
  std::size_t dictionary = 0;  // which of the file's
  std::string key;             // its name, with that of a part: what --key takes
  std::string prefix;          // what is taken off its names: "module."
  Settings settings;           // what the network is
};

namespace detail {

// Looks through the dictionaries of a file.
class WeightsSearch {
 public:
  WeightsSearch(std::string where, const std::vector<io::StateDict>& all)
      : where_(std::move(where)), all_(all) {}

  // Of the dictionaries whose keys begin so.
  FoundWeights choose_of(const std::string& begin) const {
    std::vector<FoundWeights> fitting;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (!all_[i].key.starts_with(begin)) continue;
      if (const auto found = within(i, all_[i].key, "", all_[i].shapes)) fitting.push_back(*found);
    }
    if (fitting.empty()) return choose_part();
    for (const FoundWeights& one : fitting)
      if (one.key.empty()) return one;  // the file itself
    if (const FoundWeights* averaged = averaged_of_two(fitting)) return *averaged;
    check(fitting.size() == 1, where_, "it holds the weights of ", fitting.size(),
          " networks: ", listed(fitting), "\n  hint: say which by --key, such as --key ", fitting[0].key);
    return fitting[0];
  }

  // The dictionary of this name, what lies in it, or the part of one whose names begin with it.
  FoundWeights choose(const std::string& key) const {
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (all_[i].key == key) return must_fit(i, key, "", all_[i].shapes);
    for (const io::StateDict& one : all_)
      if (one.key.starts_with(key + ".")) return choose_of(key + ".");
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const std::string& outer = all_[i].key;
      if (!outer.empty() && !key.starts_with(outer + ".")) continue;
      const std::string prefix = (outer.empty() ? key : key.substr(outer.size() + 1)) + ".";
      const Shapes part = io::without_prefix(all_[i].shapes, prefix);
      if (!part.empty()) return must_fit(i, key, prefix, part);
    }
    throw Error(
        str(where_, "it holds no tensors under the key '", key, "'; it has: ", io::keys_of(named(all_))));
  }

 private:
  // The network that the tensors are, after as many shared beginnings are taken off as it needs.
  static std::optional<FoundWeights> within(std::size_t dictionary, const std::string& key,
                                            std::string prefix, Shapes shapes) {
    for (int i = 0; i <= io::max_prefixes; ++i) {
      if (!network_elsewhere(shapes).empty()) return {};
      Settings settings = recognised(canonical(shapes));
      if (!settings.empty()) return FoundWeights{dictionary, key, prefix, std::move(settings)};
      const std::string shared = io::shared_prefix(shapes);
      if (shared.empty()) return {};
      prefix += shared;
      shapes = io::without_prefix(shapes, shared);
    }
    return {};
  }

  FoundWeights must_fit(std::size_t dictionary, const std::string& key, const std::string& prefix,
                        const Shapes& shapes) const {
    const auto found = within(dictionary, key, prefix, shapes);
    if (!found) none_fits(shapes);
    return *found;
  }

  // Where no dictionary is a network as a whole: one of its parts, by the beginnings of names. A part counts
  // without being asked for where nothing but counters lies beside it.
  FoundWeights choose_part() const {
    std::vector<FoundWeights> fitting;
    bool alone = false;
    for (std::size_t i = 0; i < all_.size(); ++i)
      for (const auto& [prefix, part] : parts(all_[i].shapes)) {
        const std::string key = io::detail::joined_keys(all_[i].key, prefix.substr(0, prefix.size() - 1));
        const auto found = within(i, key, prefix, part);
        if (!found) continue;
        fitting.push_back(*found);
        alone = numbers_beside(all_[i].shapes, prefix) == 0;
      }
    if (fitting.size() == 1 && alone) return fitting[0];
    if (fitting.empty()) none_fits(largest().shapes);
    throw Error(str(where_, "it holds tensors of several networks; those that crisp can read: ",
                    listed(fitting), "\n  hint: say which by --key, such as --key ", fitting[0].key));
  }

  // The tensors by the first parts of their names, behind what all share.
  static std::map<std::string, Shapes> parts(const Shapes& all) {
    std::string shared;
    Shapes shapes = all;
    for (int i = 0; i < io::max_prefixes; ++i) {
      const std::string more = io::shared_prefix(shapes);
      if (more.empty()) break;
      shared += more;
      shapes = io::without_prefix(shapes, more);
    }
    std::map<std::string, Shapes> by_prefix;
    for (const auto& [name, shape] : shapes)
      if (const std::size_t point = name.find('.'); point != std::string::npos && point + 1 < name.size())
        by_prefix[shared + name.substr(0, point + 1)].emplace(name.substr(point + 1), shape);
    return by_prefix;
  }
  static Index numbers_beside(const Shapes& all, const std::string& prefix) {
    return std::count_if(all.begin(), all.end(), [&](const auto& tensor) {
      return !tensor.first.starts_with(prefix) && tensor.second.rank() > 0;
    });
  }

  const io::StateDict& largest() const {
    return *std::max_element(all_.begin(), all_.end(), [](const io::StateDict& a, const io::StateDict& b) {
      return a.shapes.size() < b.shapes.size();
    });
  }

  // Says what the tensors are, where that is seen with or without the beginnings that all names share.
  [[noreturn]] void none_fits(const Shapes& shapes) const {
    Shapes shorter = shapes;
    for (int i = 0; i < io::max_prefixes && network_elsewhere(shorter).empty(); ++i) {
      const std::string shared = io::shared_prefix(shorter);
      if (shared.empty()) break;
      shorter = io::without_prefix(shorter, shared);
    }
    throw Error(where_ + why_unknown(network_elsewhere(shorter).empty() ? shapes : shorter));
  }

  // The averaged weights of BasicSR, where nothing but the others lies beside them.
  static const FoundWeights* averaged_of_two(const std::vector<FoundWeights>& all) {
    if (all.size() != 2) return nullptr;
    for (const auto& [one, other] : {std::pair{&all[0], &all[1]}, std::pair{&all[1], &all[0]}})
      if (split_name(one->key).back() == "params_ema" && one->key == other->key + "_ema") return one;
    return nullptr;
  }

  static std::string listed(const std::vector<FoundWeights>& all) {
    std::string text;
    for (const FoundWeights& one : all)
      text += (text.empty() ? "" : ", ") + one.key + " (" + one.settings.at("model") + ")";
    return text;
  }
  // With a word for the file itself.
  static std::vector<io::StateDict> named(std::vector<io::StateDict> all) {
    for (io::StateDict& one : all)
      if (one.key.empty()) one.key = "tensors without a key";
    return all;
  }

  std::string where_;
  const std::vector<io::StateDict>& all_;
};

}  // namespace detail

/// The weights among these dictionaries: the only ones that fit a network that crisp knows, params_ema where
/// params fit too, or those that `key` names. `where` begins every message. Throws Error where none fit, or
/// several do.
inline FoundWeights find_weights(const std::string& where, const std::vector<io::StateDict>& all,
                                 const std::string& key = "") {
  const detail::WeightsSearch search(where, all);
  return key.empty() ? search.choose_of("") : search.choose(key);
}

}  // namespace crisp::zoo
