// Trains SRCNN (Dong et al. 2014, 9-1-5) for x3.  usage: 04_srcnn_train [FOLDER|synthetic] [STEPS]
// [snippet:program]
#include <crisp/crisp.hpp>
using namespace crisp;
using Device = DefaultDevice;

template <class T, class D>
struct Srcnn {
  nn::Conv2d<T, D> conv1{1, 64, 9}, conv2{64, 32, 1}, conv3{32, 1, 5};
  Var<T, D> operator()(const Var<T, D>& x) const { return conv3(relu(conv2(relu(conv1(x))))); }
  CRISP_PARAMS(conv1, conv2, conv3)
};

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const auto pictures =
      folder == "synthetic" ? data::in_memory(data::dead_leaves({.count = 64})) : data::folder(folder);
  data::PatchDataset patches(pictures, {.scale = 3, .patch = 33, .luma = true});
  Srcnn<float, Device> net;
  optim::Adam adam(net, {.lr = 1e-3});
  Index step = 0, steps = argc > 2 ? std::stol(argv[2]) : 20000;
  for (auto& [ilr, hr] : patches.batches<Device>({.batch = 16, .steps = steps})) {  // (16, 33, 33, 1)
    auto loss = mse_loss(net(ilr), hr);
    loss.backward();
    adam.step();
    if (++step % 500 == 0 || step == steps) std::printf("step %ld  loss %.6f\n", long(step), loss.item());
  }
  io::save("srcnn.safetensors", net);
}
// [/snippet]
