// Mixed precision: one training with all values in float, and again with them in bfloat16, in half the
// memory. The weights are float in both (Micikevicius et al. 2018). On a GPU the second is faster; the CPU
// only stores so, and takes longer.  usage: 14_mixed_precision [FOLDER|synthetic] [STEPS]
#include <crisp/crisp.hpp>
#include <crisp/models/edsr.hpp>
using namespace crisp;
using Device = DefaultDevice;

// [snippet:train]
template <class T>
void run(const char* name, const data::PatchDataset& patches, Index steps) {
  seed(0);
  models::Edsr<T, Device> net(
      {.scale = 2,
       .features = 32,
       .blocks = 4});  // values of type T; bfloat16 or float, the parameters are float
  optim::Adam adam(net, {.lr = 2e-4});
  double sum = 0, kept = 0;
  for (auto& [lr, hr] : patches.batches<Device>({.batch = 8, .steps = steps})) {  // float
    const Index before = Device::memory_use().now;
    auto loss = l1_loss(net(lr), hr);  // net(lr) of type T, the loss is float
    kept = double(Device::memory_use().now - before) / 1048576;
    loss.backward();  // gradients of values are T, those of parameters float
    adam.step();
    sum += loss.item();
  }
  std::printf("%-9s mean loss %.4f; a step keeps values of %.1f MB for its backward pass\n", name,
              sum / double(steps), kept);
}
// [/snippet]

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const Index steps = argc > 2 ? std::stol(argv[2]) : 200;
  const auto images =
      folder == "synthetic" ? data::dead_leaves({.count = 16, .colour = true}) : data::load_folder(folder);
  const data::PatchDataset patches(images,
                                   {.scale = 2, .patch = 24, .luma = false, .input = data::Input::lr});
  run<float>("float", patches, steps);
  run<bfloat16>("bfloat16", patches, steps);
}
