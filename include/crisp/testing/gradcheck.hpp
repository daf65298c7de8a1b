// gradcheck: compares the gradients of an op or a layer with central differences, in double.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "crisp/autograd/var.hpp"
#include "crisp/core/finite.hpp"
#include "crisp/core/random.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/reduce.hpp"

namespace crisp::testing {

/// A leaf of the given shape with normal values, that requires a gradient; the same for the same seed.
template <class D>
Var<double, D> random_input(Shape shape, std::uint64_t seed = 0) {
  Rng rng(seed);
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (double& v : values) v = rng.normal();
  return {Tensor<double, D>(shape, values), true};
}

/// The largest error found, |analytic - numeric| / max(1, |numeric|), and where.
struct GradcheckResult {
  double error = 0;
  std::string where = "no input has an element";
  /// Whether the gradients are right, to 1e-6.
  explicit operator bool() const { return error <= 1e-6; }
};

/// Checks every element of every input, which must require gradients. `op` is called as op(inputs...), gives
/// a Var<double, D> of any shape, and must give the same each time. The gradients begin as random numbers,
/// since backward() has to add to them. An op with a kink (relu at 0) needs inputs that stay clear of it.
///   CHECK(gradcheck([](auto& x, auto& w) { return conv2d(x, w); }, x, w));
template <class Op, class D, class... Rest>
GradcheckResult gradcheck(Op op, Var<double, D> first, Rest... rest) {
  std::vector<Var<double, D>> inputs{first, rest...};
  const Var<double, D> weights =
      random_input<D>(no_grad([&] { return op(first, rest...); }).shape(), 99).detach();
  const auto loss = [&] {
    return sum(op(first, rest...) * weights);
  };  // a random projection sees every output

  std::vector<std::vector<double>> before;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].requires_grad(), "gradcheck: input ", i,
          " does not require a gradient\n  hint: make it with random_input");
    inputs[i].grad() = random_input<D>(inputs[i].shape(), 7 + i).value();
    before.push_back(inputs[i].grad().to_host());
  }
  loss().backward();

  GradcheckResult result;
  constexpr double step = 1e-5;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<double> gradient = inputs[i].grad().to_host(), start = inputs[i].value().to_host();
    const auto loss_at = [&](std::size_t k, double value) {
      std::vector<double> moved = start;
      moved[k] = value;
      inputs[i].value().copy_(Tensor<double, D>(inputs[i].shape(), moved));
      return no_grad(loss).item();
    };
    for (std::size_t k = 0; k < start.size(); ++k) {
      const double numeric = (loss_at(k, start[k] + step) - loss_at(k, start[k] - step)) / (2 * step);
      const double analytic = gradient[k] - before[i][k];
      const double error = std::abs(analytic - numeric) / std::max(1.0, std::abs(numeric));
      if (!(error <= result.error) || k + i == 0)  // NaN counts as the worst
        result = {is_finite(error) ? error : INFINITY,
                  str("input ", i, " ", inputs[i].shape(), ", element ", k, ": backward gives ", analytic,
                      ", differences give ", numeric)};
    }
    inputs[i].value().copy_(Tensor<double, D>(inputs[i].shape(), start));
    inputs[i].zero_grad();
  }
  return result;
}

/// "error 1e-9 at input 0 (2, 3), element 4: ...", for doctest's messages.
inline std::ostream& operator<<(std::ostream& out, const GradcheckResult& r) {
  return out << "error " << r.error << " at " << r.where;
}

}  // namespace crisp::testing
