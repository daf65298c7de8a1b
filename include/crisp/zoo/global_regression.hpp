// GR in the zoo: one matrix for all features.
#pragma once
#include "crisp/classic/global_regression.hpp"
#include "crisp/zoo/example_method.hpp"

namespace crisp::zoo {

struct GlobalRegressionEntry : ExampleEntry {
  static std::vector<About> about() {
    return {{"gr", "global regression, one matrix", "Timofte et al. 2013", {2, 3, 4}}};
  }

  template <class T, class D>
  static ExampleMethod<T, D> make(SettingsReader& s) {
    const Index scale = s.number("scale", 3), area = 9 * scale * scale;
    const Index k = s.number("dimensions", usual_dimensions(scale));
    s.number("atoms", 1024);  // of the dictionary that it is learnt from; the matrix does not show them
    const TableShapes shapes{{"pca", {4 * area, k}}, {"regressor", {area, k}}};
    return ExampleMethod<T, D>("gr", scale, shapes, enlarger);
  }

  static Settings recognise(const Shapes& file) {
    const Index numbers = extent(file, "pca", 0);
    if (file.size() != 2 || !has(file, "regressor") || numbers < 36) return {};
    return {{"model", "gr"},
            {"scale", str(square_root(numbers / 36))},
            {"dimensions", str(extent(file, "pca", 1))}};
  }

 private:
  static std::function<data::Image(const data::Image&)> enlarger(const Tables& t, Index scale) {
    return by_details(scale, t.at("pca"), classic::GlobalRegression{t.at("regressor")});
  }
};

}  // namespace crisp::zoo
