// See training.hpp.
#include "crisp/ops/loss.hpp"
#include "crisp/ops/pad.hpp"
#include "crisp/ops/pyramid_loss.hpp"
#include "training_parts.hpp"

namespace crisp::program {

namespace {

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

}  // namespace

template train::FitResult fit(Trainee<float>&, const Trainee<float>&, const TrainOptions&,
                              const TrainingData&, Exchange&, const LossOf<float>&);

template <class T, class D>
void train(const TrainOptions& o, Network given, const TrainingData& data) {
  if (given.name() == "srgan") return train_srgan<T, D>(o, std::move(given), data);
  Exchange ranks(processes());
  Trainee<T> net = moved_to<T, D>(std::move(given));
  const LossOf<T> loss_of = [&](const auto& x, const auto& target) {
    return loss_of_batch(net, o.recipe.loss, x, target);
  };
  conclude(fit(net, net, o, data, ranks, loss_of), net, o, data);
}
template void train<float, Device>(const TrainOptions& o, Network given, const TrainingData& data);
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
template void train<bfloat16, Cuda>(const TrainOptions& o, Network given, const TrainingData& data);
#endif

}  // namespace crisp::program
