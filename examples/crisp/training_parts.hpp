// What training.cpp and srgan_training.cpp share; they are compiled for each device, as running.hpp says.
#pragma once
#include <iostream>

#include "crisp/optim/adam.hpp"
#include "crisp/optim/sgd.hpp"
#include "processes.hpp"
#include "running.hpp"
#include "training.hpp"
#if defined(CRISP_NCCL) && (defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA))
#include "crisp/distributed/nccl_ranks.cuh"
#endif

namespace crisp::program {

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

inline void conclude(const train::FitResult& result, const fs::path& out) {
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
  // Not after a stop before the first validation.
  const bool validated = fs::exists(out / "best.safetensors");
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

// The loss of a batch x (N, h, w, C) and its target (N, H, W, C). One type for all, so that the loop of the
// training is compiled once.
template <class T>
using LossOf =
    std::function<Var<float, Device>(const Operand<T, Device>& x, const Operand<float, Device>& target)>;

// Trains `trained`, of which `net` is the part that is validated and kept.
template <class Trained, class T>
train::FitResult fit(Trained& trained, const Trainee<T>& net, const TrainOptions& o, const TrainingData& data,
                     Exchange& ranks, const LossOf<T>& loss_of) {
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

// In training.cpp.
extern template train::FitResult fit(Trainee<float>&, const Trainee<float>&, const TrainOptions&,
                                     const TrainingData&, Exchange&, const LossOf<float>&);

}  // namespace crisp::program
