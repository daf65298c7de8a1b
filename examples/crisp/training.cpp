// See training.hpp; compiled for each device, as running.hpp says.
#include "training.hpp"

#include <iostream>

#include "crisp/models/srgan.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/pyramid_loss.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/optim/sgd.hpp"
#include "processes.hpp"
#include "running.hpp"
#if defined(CRISP_NCCL) && (defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA))
#include "crisp/distributed/nccl_ranks.cuh"
#endif

// In networks.cpp, with the convolutions that all networks share.
extern template struct crisp::models::Discriminator<float, crisp::Cpu>;
extern template struct crisp::models::Vgg19<float, crisp::Cpu>;

namespace crisp::program {

namespace {

using Device = DefaultDevice;
template <class T>
using Trainee = zoo::AnyModel<T, Device>;

// The processes, as they exchange tensors of this device: made from processes().
#if defined(CRISP_NCCL) && (defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA))
using Exchange = distributed::NcclRanks;
#else
using Exchange = Processes&;
#endif

template <class Net>
std::unique_ptr<optim::Optimizer<float, Device>> optimizer(Net& net, const TrainOptions& o) {
  const double lr = o.recipe.lr;
  if (o.recipe.optimizer == "sgd")
    return std::make_unique<optim::Sgd<float, Device>>(
        net, optim::SgdOptions{.lr = lr, .momentum = 0.9, .layers = o.layers});
  if (o.recipe.optimizer == "adamw")
    return std::make_unique<optim::AdamW<float, Device>>(
        net, optim::AdamOptions{.lr = lr, .weight_decay = 0.01, .layers = o.layers});
  return std::make_unique<optim::Adam<float, Device>>(net, optim::AdamOptions{.lr = lr, .layers = o.layers});
}

template <class T>
Var<float, Device> loss(const std::string& name, const Var<T, Device>& x, const Var<float, Device>& target) {
  if (name == "l1") return l1_loss(x, target);
  if (name == "charbonnier") return charbonnier_loss(x, target);
  return mse_loss(x, target);
}

// The loss of a batch x (N, h, w, C) against its target (N, H, W, C): of a network with several outputs that
// of all of them, each against the target at its size.
template <class T>
Var<float, Device> loss_of_batch(const Trainee<T>& net, const std::string& name, const Operand<T, Device>& x,
                                 const Var<float, Device>& target) {
  if (net.has_pictures())
    return pyramid_loss(net.pictures(x), target,
                        [&](const auto& y, const auto& t) { return loss(name, y, t); });
  const auto y = net.training_forward(x);  // (N, H, W, C), or its centre
  return loss(name, y, centre(target, y[1], y[2]));
}

void conclude(const train::FitResult& result, const fs::path& out) {
  if (processes().rank() > 0) return;
  if (result.interrupted) {
    std::cout << "stopped at step " << result.progress.step << "; go on with the same command and --resume\n";
  } else {
    if (result.was_finished)
      std::cout
          << "this training was finished before, and no step was made; to train its weights further, give "
          << "--init " << (out / "last.safetensors").string() << ", --steps and another --out\n";
    std::cout << "done: " << result.progress.step << " steps in " << report::duration(result.progress.seconds)
              << "\nPSNR      " << fixed(result.psnr, 3) << " dB, bicubic " << fixed(result.bicubic_psnr, 3)
              << " dB, gain " << report::gain(result.psnr, result.bicubic_psnr, 3) << " dB; best "
              << fixed(result.progress.best_psnr, 3) << " dB at step " << result.progress.best_step << "\n";
  }
  const bool validated =
      fs::exists(out / "best.safetensors");  // not after a stop before the first validation
  std::cout << "weights   " << (out / (validated ? "best.safetensors" : "last.safetensors")).string()
            << "\nreport    " << (out / "report.html").string() << "\n";
}

// The network on D with values of type T: itself, where it is one already, else a copy of it.
template <class T, class D>
zoo::AnyModel<T, D> moved_to(Network net) {
  if constexpr (std::same_as<Network, zoo::AnyModel<T, D>>) return net;
  else return zoo::copy_of<T, D>(net);
}

// Scores the network in float, as the file of its weights will be used.
template <class T>
train::Validation scored(const Trainee<T>& net, const TrainOptions& o, const TrainingData& data,
                         bool limited) {
  if constexpr (!std::same_as<T, float>) return scored(zoo::copy_of<float, Device>(net), o, data, limited);
  else return validate(infer::upscaler(net), net.channels(), net.scale(), data, o.recipe.degrade, limited);
}

// At the end of a training that validated on some of the pictures: the weights that it ends with, on all.
template <class T>
void score_on_all(Trainee<T>& net, const TrainOptions& o, const TrainingData& data) {
  if (processes().rank() > 0 || data.valid_limit == 0 || data.valid_limit >= data.valid.size()) return;
  io::load(o.out / "last.safetensors", net);
  const train::Validation all = no_grad([&] { return scored(net, o, data, false); });
  std::cout << "on all " << data.valid.size() << " images: PSNR " << fixed(all.psnr, 3) << " dB, bicubic "
            << fixed(all.bicubic_psnr, 3) << " dB, SSIM " << fixed(all.ssim, 4) << "\n";
}

template <class T>
void conclude(const train::FitResult& result, Trainee<T>& net, const TrainOptions& o,
              const TrainingData& data) {
  conclude(result, o.out);
  if (!result.interrupted) score_on_all(net, o, data);
}

// Trains `trained`, of which `net` is the part that is validated and kept; loss_of(input, target) gives the
// loss.
template <class Trained, class T, class Loss>
train::FitResult fit(Trained& trained, const Trainee<T>& net, const TrainOptions& o, const TrainingData& data,
                     Exchange& ranks, Loss loss_of) {
  const auto method = optimizer(trained, o);
  return train::fit(
      trained, *method, data.patches, loss_of,
      {.out = o.out,
       .steps = o.steps,
       .minutes = o.minutes,
       .loader = {.batch = o.recipe.batch, .seed = std::uint64_t(o.seed), .threads = o.loader_threads},
       .schedule = o.schedule(),
       .clip_norm = o.recipe.clip,
       .accumulate = o.accumulate,
       .ema = o.recipe.ema,
       .validate_every = o.validate_every,
       .validate = [&] { return scored(net, o, data, true); },
       .watch = o.watch,
       .graph = o.graph,
       .resume = o.resume,
       .metadata = net.settings(),
       .settings = o.settings(net.settings(), data.patches.images()),
       .title = title(net.settings()),
       .quiet = o.quiet},
      ranks);
}

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
  const train::FitResult result = fit(
      net, net, o, data, ranks, [&](const auto& x, const auto& target) { return mse_loss(net(x), target); });
  if (result.interrupted) conclude(result, o.out);
  return !result.interrupted;
}

template <class T>
void play(Trainee<T>& net, TrainOptions o, const TrainingData& data, Exchange& ranks) {
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
  conclude(
      fit(game, net, o, data, ranks, [&](const auto& x, const auto& target) { return game.loss(x, target); }),
      net, o, data);
}

}  // namespace

template <class T, class D>
void train(const TrainOptions& o, Network given, const TrainingData& data) {
  Exchange ranks(processes());
  Trainee<T> net = moved_to<T, D>(std::move(given));
  if (net.name() == "srgan") return play(net, o, data, ranks);
  conclude(
      fit(net, net, o, data, ranks,
          [&](const auto& x, const auto& target) { return loss_of_batch(net, o.recipe.loss, x, target); }),
      net, o, data);
}
template void train<float, Device>(const TrainOptions& o, Network given, const TrainingData& data);
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
template void train<bfloat16, Cuda>(const TrainOptions& o, Network given, const TrainingData& data);
#endif

}  // namespace crisp::program
