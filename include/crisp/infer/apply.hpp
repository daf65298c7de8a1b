// Between images and networks: (H, W, C) of 0..255 to tensors of 0..1, and back.
#pragma once
#include <algorithm>

#include "crisp/autograd/var.hpp"
#include "crisp/core/finite.hpp"
#include "crisp/data/image.hpp"
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/element_of.hpp"

namespace crisp::infer {

/// How a network is fed, see models/input_spec.hpp.
/// A struct that does not say: luma, already enlarged, as SRCNN.
template <class Net>
models::InputSpec input_spec_of(const Net& net) {
  if constexpr (requires { net.input_spec(); }) return net.input_spec();
  else return {.channels = 1, .enlarged = true};
}

/// (H, W, C), 0..255 -> (1, H, W, C), 0..1.
template <class T, class D>
Tensor<T, D> to_tensor(const data::Image& image) {
  std::vector<T> values(image.samples.size());
  std::transform(image.samples.begin(), image.samples.end(), values.begin(),
                 [](float v) { return T(v) / T(255); });
  return Tensor<T, D>({1, image.height, image.width, image.channels}, values);
}

/// (1, H, W, C), about 0..1 -> (H, W, C), about 0..255, neither rounded nor clamped.
template <class T, class D>
data::Image to_image(const Tensor<T, D>& x) {
  check(x.shape().rank() == 4 && x[0] == 1, "to_image: one image is needed",
        operand("input", x.shape(), "(N, H, W, C)"));
  data::Image image(x[1], x[2], x[3]);
  const std::vector<T> values = x.to_host();
  std::transform(values.begin(), values.end(), image.samples.begin(), [](T v) { return float(v * T(255)); });
  return image;
}

/// Throws Error where a value of what a network made, (N, H, W, C), is NaN or infinite.
template <class Net, class T>
void check_result(const Net& net, const Shape& shape, const std::vector<T>& values) {
  const auto wrong = [](T value) { return !is_finite(value); };
  const auto first = std::find_if(values.begin(), values.end(), wrong);
  if (first == values.end()) return;
  std::string name = "the network";
  if constexpr (requires { net.name(); }) name = net.name();
  const Index at = first - values.begin(), pixel = at / shape[3];
  throw NonFiniteResult(str(
      "the result of ", name, " is not finite at row ", pixel / shape[2] % shape[1], ", column ",
      pixel % shape[2], ", channel ", at % shape[3], " of ", shape, ": ", is_nan(*first) ? "NaN" : "infinity",
      ", the first of ", std::count_if(values.begin(), values.end(), wrong),
      " such values\n  hint: the weights are too large, or for another range of values"));
}

/// net(image): (H, W, C), 0..255 -> (factor H, factor W, C), about 0..255, where factor is 1 for a network
/// that takes the enlarged image. C has to be what the network works on. Throws Error where a value of the
/// result is not finite.
template <class Net>
data::Image apply(const Net& net, const data::Image& image) {
  using T = nn::ElementOf<Net>;
  using D = nn::DeviceOf<Net>;
  const NoGrad guard;
  data::Image result = to_image(net(Var<T, D>(to_tensor<T, D>(image))).value());
  check_result(net, {1, result.height, result.width, result.channels}, result.samples);
  return result;
}

}  // namespace crisp::infer
