// ANR and A+ in the zoo: a matrix for each anchor. They are used alike, and learnt in two ways.
#pragma once
#include "crisp/classic/anchored_regression.hpp"
#include "crisp/zoo/example_method.hpp"

namespace crisp::zoo {

struct AnchoredRegressionEntry : ExampleEntry {
  static std::vector<About> about() {
    return {{"anr", "anchored neighbourhood regression", "Timofte et al. 2013", {2, 3, 4}},
            {"aplus", "A+, the same from millions of patches", "Timofte et al. 2014", {2, 3, 4}}};
  }

  template <class T, class D>
  static ExampleMethod<T, D> make(SettingsReader& s) {
    const Index scale = s.number("scale", 3), area = 9 * scale * scale;
    const Index atoms = s.number("atoms", 1024), k = s.number("dimensions", usual_dimensions(scale));
    const TableShapes shapes{
        {"pca", {4 * area, k}}, {"anchors", {k, atoms}}, {"regressors", {atoms, area, k}}};
    return ExampleMethod<T, D>(s.word("model", ""), scale, shapes, enlarger);
  }

  static Settings recognise(const Shapes& file) {
    const Index numbers = extent(file, "pca", 0);
    if (file.size() != 3 || !has(file, "anchors") || !has(file, "regressors") || numbers < 36) return {};
    return {{"model", "aplus"},
            {"scale", str(square_root(numbers / 36))},
            {"atoms", str(extent(file, "anchors", 1))},
            {"dimensions", str(extent(file, "pca", 1))}};
  }

 private:
  static std::function<data::Image(const data::Image&)> enlarger(const Tables& t, Index scale) {
    const classic::Matrix& anchors = t.at("anchors");
    const classic::AnchoredRegression method{anchors, split_tables(t.at("regressors"), anchors.cols())};
    return by_details(scale, t.at("pca"), method);
  }
};

}  // namespace crisp::zoo
