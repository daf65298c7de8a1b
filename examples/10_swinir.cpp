// A transformer: trains a small SwinIR (Liang et al. 2021) for x2, with averaged weights and recomputation.
//
// usage: 10_swinir [FOLDER|synthetic] [STEPS]
#include <crisp/crisp.hpp>
#include <crisp/models/swinir.hpp>
using namespace crisp;
using Device = DefaultDevice;

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const Index steps = argc > 2 ? std::stol(argv[2]) : 2000;
  const auto images =
      folder == "synthetic" ? data::dead_leaves({.count = 32, .colour = true}) : data::load_folder(folder);
  const data::PatchDataset patches(images,
                                   {.scale = 2, .patch = 16, .luma = false, .input = data::Input::lr});

  // [snippet:swinir]
  models::SwinIr<float, Device> net(
      {.scale = 2, .embed = 24, .heads = 4, .depths = {2, 2}, .checkpointed = true});  // less memory
  optim::Adam adam(net, {.lr = 1e-3});
  optim::Ema<float, Device> average(net, 0.99);
  const optim::Schedule schedule = optim::milestones({0.5, 0.8, 0.9, 0.95});
  Index step = 0;
  for (auto& [lr, hr] :
       patches.batches<Device>({.batch = 2, .steps = steps})) {  // (2, 16, 16, 3), (2, 32, 32, 3)
    adam.set_lr(1e-3 * schedule(step, steps));
    const auto loss = l1_loss(net(lr), hr);
    loss.backward();
    adam.step();
    average.update(net);
    if (++step % 100 == 0 || step == steps)
      std::printf("step %ld  loss %.5f\n", long(step), double(loss.item()));
  }
  average.swap(net);  // the averaged weights are the better ones
  // [/snippet]
  const auto picture =
      data::dead_leaves({.count = 1, .height = 50, .width = 37, .colour = true, .seed = 99}).at(0);
  // Any size: the network pads to its windows by reflection.
  const auto large = infer::upscale(net, picture, 2);
  data::save_image("swinir.png", large);
  std::printf("%ld parameters; a picture of %ld x %ld became %ld x %ld: swinir.png\n",
              long(nn::parameter_count(net).all()), long(picture.width), long(picture.height),
              long(large.width), long(large.height));
}
