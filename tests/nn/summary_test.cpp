// summary, and the search for parameters that CRISP_PARAMS does not name.
#include "crisp/nn/summary.hpp"

#include "crisp/nn/check_params.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/res_block.hpp"
#include "crisp/ops/reduce.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

template <class T, class D>
struct Small {
  nn::Conv2d<T, D> head{1, 4, 3};
  std::vector<nn::ResBlock<T, D>> body = nn::repeat<nn::ResBlock<T, D>>(3, 4);
  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = head(x);
    for (const auto& block : body) y = block(y);
    return y;
  }
  CRISP_PARAMS(head, body)
};

// `forgotten` is used and not named.
template <class T, class D>
struct Forgetful {
  nn::Conv2d<T, D> named{1, 3, 3}, forgotten{3, 8, 3};
  Var<T, D> operator()(const Var<T, D>& x) const { return forgotten(named(x)); }
  CRISP_PARAMS(named)
};

}  // namespace

TEST_CASE("summary: a line an op, repeated blocks once, the number of parameters") {
  CHECK(nn::summary(Small<float, Device>(), {1, 8, 6, 1}) ==
        "layer                         op                output                  parameters\n"
        "                              input             (1, 8, 6, 1)            \n"
        "head                          conv2d            (1, 8, 6, 4)            40\n"
        "body.0 to 2, 3 times:\n"
        "  conv1                       conv2d            (1, 8, 6, 4)            148\n"
        "                              relu              (1, 8, 6, 4)            \n"
        "  conv2                       conv2d            (1, 8, 6, 4)            148\n"
        "                              add               (1, 8, 6, 4)            \n"
        "parameters: 928 (928 trained, 0 untrained)\n");
  CHECK_ERROR(nn::summary(Small<float, Device>(), {1, 8, 6, 2}), "conv2d");
}

TEST_CASE("parameters that the loss uses and CRISP_PARAMS does not name") {
  const Var<float, Device> x(random_tensor<float>({2, 6, 5, 1}));
  Forgetful<float, Device> net;
  CHECK_ERROR(
      nn::check_params(net, mean(net(x))),
      "check_params: 2 parameters that the loss uses are not in CRISP_PARAMS: (8, 3, 3, 3), (8,)\n  hint: "
      "name every layer there");
  net.forgotten.bias.set_trained(false);
  CHECK(nn::unnamed_params(net, mean(net(x))) ==
        "1 parameter that the loss uses is not in CRISP_PARAMS: (8, 3, 3, 3)");
  net.forgotten.weight.set_trained(false);  // on purpose
  nn::check_params(net, mean(net(x)));
  const Small<float, Device> whole;
  nn::check_params(whole, mean(whole(x)));
  nn::check_params(whole, no_grad([&] { return mean(whole(x)); }));
}
