// How the methods of classic/ are learnt: a pair of dictionaries by K-SVD first, and of it the tables that
// the method uses.
#pragma once
#include "crisp/classic/aplus.hpp"
#include "crisp/classic/global_regression.hpp"
#include "crisp/zoo/example_method.hpp"

namespace crisp::zoo {

/// The tables as a file of weights names them: of a pair of dictionaries, and of an anchored regression,
/// whose regressors lie below each other, (area atoms, k).
inline Tables tables_of(const classic::Dictionary& d) {
  return {{"pca", d.projection}, {"dict_low", d.low}, {"dict_high", d.high}};
}
inline Tables tables_of(const classic::Dictionary& d, const classic::AnchoredRegression& method) {
  const Index area = d.high.rows(), k = d.low.rows();
  classic::Matrix all(area * d.atoms(), k);
  for (Index i = 0; i < d.atoms(); ++i) all.middleRows(i * area, area) = method.regressors[std::size_t(i)];
  return {{"pca", d.projection}, {"anchors", method.anchors}, {"regressors", std::move(all)}};
}

/// The tables of a method, made of a pair of dictionaries; A+ learns them from the pictures hr, (H, W, 1) of
/// 0..255, as well. Throws Error for a dictionary of another scale, and for a method that crisp does not
/// learn.
inline Tables learn_tables(const std::string& method, const classic::Dictionary& d, Index scale,
                           const std::vector<data::Image>& hr, const classic::Progress& progress) {
  classic::check_dictionary(d, scale);
  if (method == "gr") return {{"pca", d.projection}, {"regressor", classic::global_regressor(d, scale)}};
  if (method == "anr") return tables_of(d, classic::anchored_regression(d, scale));
  if (method == "aplus") return tables_of(d, classic::learn_aplus(hr, scale, d, {}, progress));
  const bool by_dictionary = method == "ksvd" || method == "zeyde" || method.starts_with("ne-");
  check(by_dictionary, "model: crisp does not learn ", method,
        "\n  hint: give a file of its dictionaries to crisp upscale or evaluate, by --weights");
  return tables_of(d);
}

/// Writes the tables into the weights of a network of the same method and sizes. Throws Error where they
/// differ.
template <class Net>
void set_tables(Net& net, const Tables& tables) {
  net.each_param([&](const std::string& name, auto& p) {
    const RowMajorMatrix<float> rows = tables.at(name).template cast<float>();
    using Weight = std::remove_reference_t<decltype(p.value())>;
    const std::vector<float> values(rows.data(), rows.data() + rows.size());
    p.value().copy_(Weight(p.shape(), values));
  });
}

}  // namespace crisp::zoo
