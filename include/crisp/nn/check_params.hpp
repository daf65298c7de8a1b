// check_params: finds parameters that a loss depends on and the network does not name in CRISP_PARAMS. Such a
// parameter would never be trained, nor saved.
#pragma once
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crisp/nn/module.hpp"

namespace crisp::nn {

/// What a loss, before its backward(), reaches and net.each_param does not name: "2 parameters that the loss
/// uses are not in CRISP_PARAMS: (8, 3, 3, 1), (8,)", the largest first. Empty where there is none.
/// Parameters that are frozen (set_trained(false)) and constants do not count.
template <class M, class T, class D>
std::string unnamed_params(const M& net, const Var<T, D>& loss) {
  std::set<const AnyNode*> named;
  net.each_param([&](const std::string&, const auto& p) { named.insert(p.node().get()); });
  std::vector<Shape> unnamed;
  for (const auto& node : loss.history()) {
    const bool leaf = node->requires_grad && std::string_view(node->op) == "leaf";
    if (!leaf || named.count(node.get()) > 0) continue;
    unnamed.push_back(node->shape);
  }
  if (unnamed.empty()) return "";
  std::sort(unnamed.begin(), unnamed.end(), [](const Shape& a, const Shape& b) {
    return a.numel() > b.numel() || (a.numel() == b.numel() && str(a) < str(b));
  });
  std::string shapes;
  for (const Shape& shape : unnamed) shapes += str(shapes.empty() ? "" : ", ", shape);
  const std::size_t count = unnamed.size();
  return str(count, count > 1 ? " parameters" : " parameter", " that the loss uses ",
             count > 1 ? "are" : "is", " not in CRISP_PARAMS: ", shapes);
}

/// Throws Error where there are any. To be called once, with a loss of the training.
template <class M, class T, class D>
void check_params(const M& net, const Var<T, D>& loss) {
  const std::string unnamed = unnamed_params(net, loss);
  check(unnamed.empty(), "check_params: ", unnamed,
        "\n  hint: name every layer there; what is to stay as it is, freeze by set_trained(false)");
}

}  // namespace crisp::nn
