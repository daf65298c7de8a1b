// ExampleMethod: a method of classic/ in the place of a network: its tables are the weights. So all that
// loads, runs, scores and serves networks takes it as it is. It has no gradient: zoo/learn_from_examples.hpp
// learns it.
#pragma once
#include "crisp/classic/frame.hpp"
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

/// The tables of a method by their names, each (rows, columns); of several matrices, one below the other.
using Tables = std::map<std::string, classic::Matrix>;

/// The names and shapes of a method's tables.
using TableShapes = std::vector<std::pair<std::string, Shape>>;

/// How a method enlarges a gray picture, 0..255, made of its tables.
using MakeEnlarger =
    std::function<std::function<data::Image(const data::Image& lr)>(const Tables&, Index scale)>;

namespace detail {

/// The elements of (.., C) in their order, as rows of C.
template <class T>
classic::Matrix to_matrix(const std::vector<T>& values, const Shape& shape) {
  const RowMajorMatrix<T> rows =
      Eigen::Map<const RowMajorMatrix<T>>(values.data(), shape.numel() / shape[-1], shape[-1]);
  return rows.template cast<double>();
}

}  // namespace detail

template <class T, class D>
class ExampleMethod {
 public:
  ExampleMethod(std::string name, Index scale, const TableShapes& shapes, MakeEnlarger make)
      : name_(std::move(name)), scale_(scale), make_(std::move(make)) {
    for (const auto& table : shapes) {
      params_.emplace_back(table.first, nn::make_weight<T, D>(table.second, nn::Init::constant(0)));
      params_.back().second.set_trained(false);
    }
  }

  /// (N, h, w, 1), 0..1 -> (N, scale h, scale w, 1). Throws Error for a picture smaller than 5 x 5 pixels.
  Var<T, D> operator()(const Var<T, D>& x) const {
    check(x.shape().rank() == 4 && x[3] == 1, name_, ": luma is needed",
          operand("input", x.shape(), "(N, H, W, C)"));
    const auto enlarge = make_(tables(), scale_);
    const std::vector<Wide<T>> values = x.value().template to<Wide<T>>().to_host();
    const Shape shape{x[0], scale_ * x[1], scale_ * x[2], 1};
    std::vector<Wide<T>> result;
    for (Index n = 0; n < x[0]; ++n) {
      data::Image lr(x[1], x[2], 1);
      for (std::size_t i = 0; i < lr.samples.size(); ++i)
        lr.samples[i] = float(values[std::size_t(n) * lr.samples.size() + i]) * 255.0f;
      for (const float v : enlarge(lr).samples) result.push_back(Wide<T>(v / 255.0f));
    }
    const auto backward = [name = name_](const Tensor<T, D>&) {
      throw Error(str(name, ": it is learnt from examples, and has no gradient"));
    };
    return Var<T, D>("from_examples", Tensor<Wide<T>, D>(shape, result).template to<T>(), {x}, backward);
  }

  models::InputSpec input_spec() const { return {.scale = scale_, .channels = 1, .reach = 6}; }

  template <class F>
  void each_param(F&& f, const std::string& prefix = "") {
    for (auto& [name, p] : params_) f(prefix + name, p);
  }
  template <class F>
  void each_param(F&& f, const std::string& prefix = "") const {
    for (const auto& [name, p] : params_) f(prefix + name, p);
  }

 private:
  Tables tables() const {
    Tables all;
    for (const auto& [name, p] : params_) all[name] = detail::to_matrix(p.value().to_host(), p.shape());
    return all;
  }

  std::string name_;
  Index scale_;
  MakeEnlarger make_;
  std::vector<std::pair<std::string, nn::Param<T, D>>> params_;
};

/// What the entries of such methods have in common.
struct ExampleEntry : Entry {
  static constexpr bool from_examples = true;

  static Recipe recipe(const std::string&, const std::string&) {
    return {.source = "learnt from examples, see classic/"};
  }

  /// The numbers that a feature has after the PCA, as in the authors' files.
  static Index usual_dimensions(Index scale) { return scale == 2 ? 28 : 30; }
};

/// The enlarger of a method by details, see classic/frame.hpp.
inline std::function<data::Image(const data::Image&)> by_details(Index scale,
                                                                 const classic::Matrix& projection,
                                                                 const classic::Predict& predict) {
  return [=](const data::Image& lr) { return classic::enlarge_by_details(lr, scale, projection, predict); };
}

/// Of (count, rows, columns), the matrices.
inline std::vector<classic::Matrix> split_tables(const classic::Matrix& all, Index count) {
  std::vector<classic::Matrix> parts;
  const Index rows = all.rows() / count;
  for (Index i = 0; i < count; ++i) parts.push_back(all.middleRows(i * rows, rows));
  return parts;
}

}  // namespace crisp::zoo
