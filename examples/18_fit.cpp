// A network of one's own, trained by train::fit: progress, validation, checkpoints and a report in the folder
// "fit", and a stop by Ctrl-C that loses nothing.
// usage: 18_fit [FOLDER|synthetic] [STEPS]
#include <crisp/crisp.hpp>
#include <cstdio>
#include <iostream>

using namespace crisp;
using Device = Cpu;

template <class T, class D>
struct Sharpen {  // takes luma, enlarged by bicubic: (N, H, W, 1) -> (N, H, W, 1)
  nn::Conv2d<T, D> conv1{1, 16, 5}, conv2{16, 1, 5, {.init = nn::Init::normal(0.001)}};
  Var<T, D> operator()(const Var<T, D>& x) const { return x + conv2(relu(conv1(x))); }
  CRISP_PARAMS(conv1, conv2)
};

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const Index steps = argc > 2 ? std::stol(argv[2]) : 500;
  const auto pictures =
      folder == "synthetic" ? data::dead_leaves({.count = 8, .seed = 1}) : data::load_folder(folder);
  const auto held_out = data::dead_leaves({.count = 2, .seed = 2});

  // [snippet:fit]
  const data::PatchDataset patches(pictures, {.scale = 2, .patch = 33, .luma = true});
  Sharpen<float, Device> net;
  std::cout << nn::summary(net, {1, 33, 33, 1});
  optim::Adam adam(net, {.lr = 1e-3});

  // The loss is given each batch, (N, H, W, 1) both, and may change it first: here one of two is turned dark.
  Index batch = 0;
  const auto loss = [&](const auto& x, const auto& y) {
    const double light = ++batch % 2 == 0 ? 0.7 : 1.0;
    return l1_loss(net(x * light), y * light);
  };
  const train::FitResult result = train::fit(net, adam, patches, loss,
                                             {.out = "fit",
                                              .steps = steps,
                                              .loader = {.batch = 16, .seed = 1},
                                              .schedule = optim::cosine(),
                                              .validate = train::validator(net, held_out, {.scale = 2}),
                                              .watch = true,  // gradient and dead units of each layer
                                              .metadata = {{"network", "sharpen"}},
                                              .title = "Sharpen, x2"});
  std::printf("%.2f dB, bicubic %.2f dB; see fit/report.html\n", result.psnr, result.bicubic_psnr);
  // [/snippet]
}
