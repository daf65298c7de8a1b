// The training of SRGAN; see training.hpp.
#include "crisp/models/srgan.hpp"
#include "training_parts.hpp"

// In networks.cpp, with the convolutions that all networks share.
extern template struct crisp::models::Discriminator<float, crisp::Cpu>;
extern template struct crisp::models::Vgg19<float, crisp::Cpu>;

namespace crisp::program {

namespace {

// The first half of an SRGAN's training, which its paper calls SRResNet: by the squared error alone, in a
// folder of its own. Without it the adversarial game would begin from noise.
template <class T>
bool pretrain(Trainee<T>& net, TrainOptions o, const TrainingData& data, Exchange& ranks) {
  o.out /= "srresnet";
  o.steps /= 2;
  o.minutes /= 2;
  o.recipe.schedule = "constant";
  o.resume = fs::exists(o.out / "state.safetensors");
  if (!o.quiet)
    std::cout << "first half: the generator alone, by the squared error, in " << o.out.string() << "\n";
  const LossOf<T> squared = [&](const auto& x, const auto& target) { return mse_loss(net(x), target); };
  const train::FitResult result = fit(net, net, o, data, ranks, squared);
  if (result.interrupted) conclude(result, o.out);
  return !result.interrupted;
}

}  // namespace

template <class T, class D>
void train_srgan(TrainOptions o, Network given, const TrainingData& data) {
  Exchange ranks(processes());
  Trainee<T> net = moved_to<T, D>(std::move(given));
  o.resume = fs::exists(o.out / "state.safetensors");  // else the first half goes on
  if (o.init.empty()) {
    if (!o.resume && !pretrain(net, o, data, ranks)) return;
    o.steps -= o.steps / 2;
    o.minutes /= 2;
  }
  std::optional<models::Vgg19<T, Device>> vgg;
  if (!o.vgg.empty()) {
    vgg.emplace(models::Vgg19Options{.layer = "relu5_4"});
    io::load(o.vgg, *vgg);
    io::check_finite(o.vgg, *vgg);
  }
  if (!o.quiet)
    std::cout << "the game: content by "
              << (vgg ? "VGG19's relu5_4" : "the squared error (give --vgg FILE for VGG19's features)")
              << "\n";
  models::SrganGame<Trainee<T>, T, Device> game{
      net, models::Discriminator<T, Device>({.size = o.recipe.patch * net.scale()}), vgg ? &*vgg : nullptr};
  const LossOf<T> loss_of = [&](const auto& x, const auto& target) { return game.loss(x, target); };
  conclude(fit(game, net, o, data, ranks, loss_of), net, o, data);
}
template void train_srgan<float, Device>(TrainOptions o, Network given, const TrainingData& data);
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
template void train_srgan<bfloat16, Cuda>(TrainOptions o, Network given, const TrainingData& data);
#endif

}  // namespace crisp::program
