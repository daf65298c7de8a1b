// Two networks that train each other: SRGAN (Ledig et al. 2017). First the generator alone, by the squared
// error; then the game.
//
// usage: 11_srgan [FOLDER|synthetic] [STEPS of each phase]
#include <crisp/crisp.hpp>
#include <crisp/models/srgan.hpp>
#include <crisp/models/srresnet.hpp>
using namespace crisp;
using Device = DefaultDevice;

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const Index steps = argc > 2 ? std::stol(argv[2]) : 1000;
  const auto images =
      folder == "synthetic" ? data::dead_leaves({.count = 32, .colour = true}) : data::load_folder(folder);
  const data::PatchDataset patches(images, {.scale = 4, .patch = 8, .luma = false, .input = data::Input::lr});

  using Generator = models::SrResNet<float, Device>;
  Generator generator({.features = 32, .blocks = 2});
  optim::Adam alone(generator, {.lr = 1e-3});
  for (auto& [lr, hr] :
       patches.batches<Device>({.batch = 4, .steps = steps})) {  // (4, 8, 8, 3), (4, 32, 32, 3)
    mse_loss(generator(lr), hr).backward();
    alone.step();
  }

  // [snippet:game]
  models::SrganGame<Generator, float, Device> game{
      generator, models::Discriminator<float, Device>({.size = 32, .features = 16})};
  optim::Adam<float, Device> adam(game, {.lr = 1e-4});  // both players
  Index step = 0;
  for (auto& [lr, hr] : patches.batches<Device>({.batch = 4, .steps = steps, .seed = 1})) {
    // The discriminator's gradient is left behind, the generator's comes now.
    const auto loss = game.loss(lr, hr);
    loss.backward();
    adam.step();
    if (++step % 50 == 0 || step == steps) {
      const NoGrad guard;
      const auto belief = [&](const auto& image) {
        return double(mean(sigmoid(game.discriminator(image))).item());
      };
      std::printf("step %ld  generator's loss %.5f  taken for real: originals %.2f, made %.2f\n", long(step),
                  double(loss.item()), belief(Var<float, Device>(hr)), belief(generator(lr)));
    }
  }
  // [/snippet]
  io::save("srgan.safetensors", generator);
}
