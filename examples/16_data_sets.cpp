// Data sets of any size, and of any kind.  usage: 16_data_sets [FOLDER]
#include <cstdio>

#include "crisp/crisp.hpp"
#include "crisp/data/tensor_dataset.hpp"
using namespace crisp;

template <class T, class D>
struct Perceptron {
  nn::Linear<T, D> first{2, 32}, second{32, 1};
  Var<T, D> operator()(const Var<T, D>& x) const { return second(relu(first(x))); }
  CRISP_PARAMS(first, second)
};

static void show(const Tensor<float, Cpu>& lr, const Tensor<float, Cpu>& hr) {
  std::printf("inputs of %ld x %ld, targets of %ld x %ld\n", long(lr[1]), long(lr[2]), long(hr[1]),
              long(hr[2]));
}

static void of_folder(const std::string& path) {
  // [snippet:folder]
  data::PatchDataset patches(data::folder(path), {.scale = 2, .patch = 48, .input = data::Input::lr});
  for (auto& [lr, hr] : patches.batches<Cpu>({.batch = 16, .steps = 2}))
    show(lr, hr);  // (16, 48, 48, 1) and (16, 96, 96, 1)
  // [/snippet]
}

static void one_by_one(const std::vector<data::Image>& images) {
  // [snippet:one]
  const data::PatchDataset patches(images,
                                   {.scale = 4, .patch = 32, .sampling = data::Sampling::grid, .stride = 32});
  const auto [lr, ilr, hr] = patches[0];
  std::printf("patch 0 of %ld: LR %s, ILR %s, HR %s\n", long(patches.size()), data::describe(lr).c_str(),
              data::describe(ilr).c_str(), data::describe(hr).c_str());
  const Var<float, Cpu> input = infer::to_tensor<float, Cpu>(ilr);  // (1, 32, 32, 1), for a network
  // [/snippet]
  std::printf("as a tensor: %s\n", str(input.shape()).c_str());
}

int main(int argc, char** argv) {
  if (argc > 1) of_folder(argv[1]);
  one_by_one(data::dead_leaves({.count = 2}));

  // [snippet:tensors]
  Tensor<float, Cpu> x({1000, 2}), y({1000, 1});  // 1000 examples: two numbers, and their product
  Rng rng(1);
  for (Index i = 0; i < 1000; ++i) {
    const double a = rng.uniform(), b = rng.uniform();
    x.data()[2 * i] = float(a);
    x.data()[2 * i + 1] = float(b);
    y.data()[i] = float(a * b);
  }
  const data::TensorDataset examples(x, y);
  Perceptron<float, Cpu> net;
  optim::Adam adam(net, {.lr = 1e-2});
  double error = 0;
  for (auto& [input, target] : examples.batches<Cpu>({.batch = 50, .steps = 400})) {
    auto loss = mse_loss(net(input), target);
    loss.backward();
    adam.step();
    error = loss.item();
  }
  // [/snippet]
  std::printf("products of two numbers, mean squared error %.6f\n", error);
  return error < 1e-2 ? 0 : 1;
}
