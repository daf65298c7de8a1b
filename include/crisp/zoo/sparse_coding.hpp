// SC in the zoo: Yang's dictionaries of patches, 6 x 6 of the picture enlarged by 2.
#pragma once
#include "crisp/classic/sparse_coding.hpp"
#include "crisp/zoo/example_method.hpp"

namespace crisp::zoo {

struct SparseCodingEntry : ExampleEntry {
  static std::vector<About> about() {
    return {{"sc", "sparse coding, non-negative lasso", "Yang et al. 2008", {2, 3, 4}}};
  }

  template <class T, class D>
  static ExampleMethod<T, D> make(SettingsReader& s) {
    const Index scale = s.number("scale", 3), atoms = s.number("atoms", 1022);
    const TableShapes shapes{{"dict_low", {144, atoms}}, {"dict_high", {9 * scale * scale, atoms}}};
    return ExampleMethod<T, D>("sc", scale, shapes, enlarger);
  }

  static Settings recognise(const Shapes& file) {
    const Index pixels = extent(file, "dict_high", 0);
    if (file.size() != 2 || extent(file, "dict_low", 0) != 144 || pixels < 9) return {};
    return {{"model", "sc"},
            {"scale", str(square_root(pixels / 9))},
            {"atoms", str(extent(file, "dict_low", 1))}};
  }

 private:
  static std::function<data::Image(const data::Image&)> enlarger(const Tables& t, Index scale) {
    const classic::SparseCoding method{scale, t.at("dict_low"), t.at("dict_high")};
    return [method](const data::Image& lr) { return classic::enlarge(method, lr); };
  }
};

}  // namespace crisp::zoo
