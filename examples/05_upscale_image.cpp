// Enlarges a picture with trained weights.  usage: 05_upscale_image WEIGHTS INPUT OUTPUT [SCALE]
// Without arguments it trains for a moment on synthetic pictures, and enlarges one that it draws itself.
#include <crisp/crisp.hpp>

using namespace crisp;

static void train_a_little(models::Srcnn<float, Cpu>& net, Index scale) {
  data::PatchDataset patches(data::dead_leaves({.count = 20}), {.scale = scale});
  optim::Adam adam(net, {.lr = 1e-3});
  for (auto& [ilr, hr] : patches.batches<Cpu>({.batch = 16, .steps = 60})) {
    const auto y = net.valid(ilr);  // (16, 21, 21, 1): the centre, without padding
    mse_loss(y, centre(Var<float, Cpu>(hr), y[1], y[2])).backward();
    adam.step();
  }
}

int main(int argc, char** argv) try {
  // [snippet:upscale]
  models::Srcnn<float, Cpu> net;
  data::Image small;
  Index scale = argc > 4 ? std::stol(argv[4]) : 3;
  if (argc > 3) {
    io::load(argv[1], net);
    small = data::load_image(argv[2]);
  } else {
    train_a_little(net, scale);
    small = data::reduce(
        data::dead_leaves({.count = 1, .height = 240, .width = 300, .colour = true, .seed = 7})[0], scale);
  }
  const data::Image large = infer::upscale(net, small, scale);  // luma by the network, colours by bicubic
  data::save_image(argc > 3 ? argv[3] : "upscaled.png", large);
  // [/snippet]
  std::printf("%s -> %s\n", describe(small).c_str(), describe(large).c_str());
} catch (const Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
