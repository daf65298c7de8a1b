// Trains SRResNet (Ledig et al. 2017) for x4 from blocks that crisp has.  usage: 08_srresnet
// [FOLDER|synthetic] [STEPS] [BLOCKS]
#include <crisp/crisp.hpp>
using namespace crisp;
using Device = DefaultDevice;

// [snippet:network]
template <class T, class D>
struct Network {
  nn::Conv2d<T, D> first, last_of_body, last;
  nn::PReLU<T, D> prelu;
  std::vector<nn::ResBlockBN<T, D>> body;
  nn::BatchNorm2d<T, D> norm;
  nn::Upsampler<T, D> up;

  explicit Network(Index blocks, Index features = 64)
      : first(3, features, 9),
        last_of_body(features, features, 3),
        last(features, 3, 9),
        body(nn::repeat<nn::ResBlockBN<T, D>>(blocks, features)),
        norm(features),
        up(4, features) {}

  Var<T, D> operator()(const Var<T, D>& x) const {  // (N, H, W, 3)
    const Var<T, D> head = prelu(first(x));         // (N, H, W, F)
    Var<T, D> y = head;
    for (const auto& block : body) y = block(y);
    return last(up(head + norm(last_of_body(y))));  // (N, 4 H, 4 W, 3)
  }
  CRISP_PARAMS(first, prelu, body, last_of_body, norm, up, last)
};
// [/snippet]

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const Index steps = argc > 2 ? std::stol(argv[2]) : 5000, blocks = argc > 3 ? std::stol(argv[3]) : 16;
  const auto images =
      folder == "synthetic" ? data::dead_leaves({.count = 32, .colour = true}) : data::load_folder(folder);
  const data::PatchDataset patches(images,
                                   {.scale = 4, .patch = 24, .luma = false, .input = data::Input::lr});

  Network<float, Device> net(blocks);
  const nn::ParameterCount count = nn::parameter_count(net);
  std::printf("%ld parameters are trained, %ld (statistics) are not\n", long(count.trained),
              long(count.untrained));
  optim::Adam adam(net, {.lr = 1e-4});
  Index step = 0;
  for (auto& [lr, hr] :
       patches.batches<Device>({.batch = 4, .steps = steps})) {  // (4, 24, 24, 3), (4, 96, 96, 3)
    // Batch normalisation: the batch's statistics, since gradients are recorded.
    const auto loss = mse_loss(net(lr), hr);
    loss.backward();
    adam.step();
    if (++step % 100 == 0 || step == steps)
      std::printf("step %ld  loss %.5f\n", long(step), double(loss.item()));
  }
  io::save("srresnet.safetensors", net);
}
