// Entry: what each file zoo/<network>.hpp says about its network. networks.hpp lists them all.
#pragma once
#include <functional>
#include <optional>

#include "crisp/zoo/recipe.hpp"
#include "crisp/zoo/settings.hpp"
#include "crisp/zoo/shapes.hpp"

namespace crisp::zoo {

/// A name of a network, and what people want to know first. EdsrEntry has two: edsr-baseline and edsr.
struct About {
  std::string name;      // as --model takes it
  std::string sentence;  // what it is
  std::string paper;
  std::vector<Index> scales = {};  // 1: it restores; none: any, as it works on the enlarged image
};

/// crisp's name for a weight of another program, given the parts of its name; nothing where it knows none.
using Renaming = std::function<std::optional<std::string>(const std::vector<std::string>& parts)>;

/// Every entry has these:
///   static std::vector<About> about();
///   template <class T, class D> static Net<T, D> make(SettingsReader& settings);  // new weights
///   static Recipe recipe(const std::string& name, const std::string& variant);
/// And it may have others than these:
struct Entry {
  /// Whether it is a method of classic/, which is learnt from examples and has no gradient.
  static constexpr bool from_examples = false;

  /// Whether the same weights serve each of its scales, though it enlarges the image itself.
  static constexpr bool one_for_all_scales = false;

  /// The settings of the network that holds tensors of these names and shapes; empty where it is another
  /// network. No file may fit two entries: their order then does not matter.
  static Settings recognise(const Shapes&) { return {}; }

  /// How other programs name its weights, for a file that is named so; else an empty function.
  static Renaming renaming(const Shapes&) { return {}; }
};

}  // namespace crisp::zoo
