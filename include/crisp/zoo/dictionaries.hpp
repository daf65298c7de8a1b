// Zeyde's method and neighbour embedding in the zoo: they use a pair of dictionaries as it is.
#pragma once
#include "crisp/classic/neighbour_embedding.hpp"
#include "crisp/classic/zeyde.hpp"
#include "crisp/zoo/example_method.hpp"

namespace crisp::zoo {

struct DictionaryEntry : ExampleEntry {
  static std::vector<About> about() {
    return {{"ne-lle", "neighbour embedding, by LLE", "Chang et al. 2004", {2, 3, 4}},
            {"ksvd", "a pair of dictionaries by K-SVD, used as Zeyde did", "Aharon et al. 2006", {2, 3, 4}},
            {"zeyde", "sparse coding by K-SVD and OMP", "Zeyde et al. 2010", {2, 3, 4}},
            {"ne-nnls", "neighbour embedding, no negative weights", "Bevilacqua et al. 2012", {2, 3, 4}},
            {"ne-ls", "neighbour embedding, by least squares", "Timofte et al. 2013", {2, 3, 4}}};
  }

  template <class T, class D>
  static ExampleMethod<T, D> make(SettingsReader& s) {
    const std::string name = s.word("model", "");
    const Index scale = s.number("scale", 3), atoms = s.number("atoms", 1024);
    const Index k = s.number("dimensions", usual_dimensions(scale)), area = 9 * scale * scale;
    const TableShapes shapes{{"pca", {4 * area, k}}, {"dict_low", {k, atoms}}, {"dict_high", {area, atoms}}};
    const Index used = s.number("neighbours", usual(name));
    check(used <= atoms, "model: ", name, " cannot use ", used, " of ", atoms, " atoms");
    return ExampleMethod<T, D>(name, scale, shapes, maker(name, used));
  }

  static Settings recognise(const Shapes& file) {
    const Index numbers = extent(file, "pca", 0);
    if (file.size() != 3 || !has(file, "dict_low") || !has(file, "dict_high") || numbers < 36) return {};
    return {{"model", "zeyde"},
            {"scale", str(square_root(numbers / 36))},
            {"atoms", str(extent(file, "dict_low", 1))},
            {"dimensions", str(extent(file, "pca", 1))}};
  }

  /// Timofte's files keep the four filters of the gradients beside the dictionaries: they follow from the
  /// scale.
  static Renaming renaming(const Shapes& file) {
    if (!has(file, "pca") || !has(file, "filter0")) return {};
    return [](const std::vector<std::string>& parts) -> std::optional<std::string> {
      if (parts.size() == 1 && parts[0].starts_with("filter")) return "";
      return std::nullopt;
    };
  }

 private:
  static Index usual(const std::string& name) {
    if (name == "zeyde" || name == "ksvd") return 3;
    return name == "ne-ls" ? 12 : 24;
  }

  static classic::Predict method(const std::string& name, Index used, const classic::Dictionary& d) {
    if (name == "zeyde" || name == "ksvd") return classic::ZeydeCoding(d, used);
    classic::Embedding kind = classic::Embedding::lle;
    if (name == "ne-ls") kind = classic::Embedding::least_squares;
    if (name == "ne-nnls") kind = classic::Embedding::nonnegative;
    return classic::NeighbourEmbedding(d, kind, used);
  }

  static MakeEnlarger maker(const std::string& name, Index used) {
    return [name, used](const Tables& t, Index scale) {
      const classic::Dictionary d{t.at("pca"), t.at("dict_low"), t.at("dict_high")};
      return by_details(scale, d.projection, method(name, used, d));
    };
  }
};

}  // namespace crisp::zoo
