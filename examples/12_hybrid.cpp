// A network joined from two: EDSR's residual blocks, then SwinIR's transformer blocks, as in a student
// project. Layers, images and loss are those of the other examples; only the struct is new.  usage: 12_hybrid
// [FOLDER|synthetic] [STEPS]
#include <crisp/crisp.hpp>
#include <crisp/models/swinir.hpp>
using namespace crisp;
using Device = DefaultDevice;

// [snippet:hybrid]
template <class T, class D>
struct Hybrid {
  nn::Conv2d<T, D> first;
  std::vector<nn::ResBlock<T, D>> local;  // what is near
  models::SwinIr<T, D> distant;           // what is far, and the enlargement

  Hybrid(Index blocks, Index features, Index scale)
      : first(3, features, 3),
        local(nn::repeat<nn::ResBlock<T, D>>(blocks, features)),
        distant({.scale = scale, .channels = features, .embed = 24, .heads = 4, .depths = {2}, .out = 3}) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = first(x);
    for (const auto& block : local) y = block(y);
    return distant(y);
  }
  models::InputSpec input_spec() const { return distant.input_spec(); }
  CRISP_PARAMS(first, local, distant)
};
// [/snippet]

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const Index steps = argc > 2 ? std::stol(argv[2]) : 1000;
  const auto images =
      folder == "synthetic" ? data::dead_leaves({.count = 32, .colour = true}) : data::load_folder(folder);
  const data::PatchDataset patches(images,
                                   {.scale = 2, .patch = 16, .luma = false, .input = data::Input::lr});
  Hybrid<float, Device> net(4, 24, 2);
  optim::Adam adam(net, {.lr = 1e-3});
  Index step = 0;
  for (auto& [lr, hr] : patches.batches<Device>({.batch = 2, .steps = steps})) {
    const auto loss = l1_loss(net(lr), hr);
    loss.backward();
    adam.step();
    if (++step % 100 == 0 || step == steps)
      std::printf("step %ld  loss %.5f\n", long(step), double(loss.item()));
  }
  io::save("hybrid.safetensors", net);
}
