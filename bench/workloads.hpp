// The workloads that crisp is compared by: a training step or an inference of SRCNN, EDSR, SRResNet and
// SwinIR, sizes fixed. workloads.py has the same names and sizes.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crisp/backend/device.hpp"
#include "crisp/core/graph.hpp"
#include "crisp/core/random.hpp"
#include "crisp/models/edsr.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/models/srresnet.hpp"
#include "crisp/models/swinir.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"

namespace bench {

using crisp::Index;
using Device = crisp::DefaultDevice;
using Tensor = crisp::Tensor<float, Device>;
using Var = crisp::Var<float, Device>;

/// Waits for a device that works on its own: what was asked of the GPU is only then done.
template <class D>
void finish() {
  if constexpr (requires { D::synchronize(); }) D::synchronize();
}

/// A network in memory, ready to run: run() is one repetition, finished when it returns.
struct Workload {
  Index parameters;    // those that learn
  crisp::Shape input;  // (N, H, W, C)
  std::function<void()> run;
  int warm_up = 2;  // repetitions before one counts
};

/// checkpointed: SwinIR's training computes its blocks a second time instead of keeping their values. graph:
/// a training step is a Graph.
struct Options {
  bool checkpointed = false, graph = false;
};

/// A name, and how to build what it names.
struct Entry {
  std::string name;
  std::function<Workload()> build;
};

/// Uniform in 0..1, the same numbers each time.
inline Tensor random_tensor(crisp::Shape shape) {
  crisp::Rng rng(1);
  std::vector<float> values(std::size_t(shape.numel()));
  for (float& v : values) v = float(rng.uniform());
  return Tensor(shape, values);
}

/// SRCNN with zeros around the image, as the peers have it; models::Srcnn repeats the edge.
template <class T>
struct Srcnn : crisp::models::Srcnn<T, Device> {
  using crisp::models::Srcnn<T, Device>::Srcnn;
  crisp::Var<T, Device> operator()(const crisp::Var<T, Device>& x) const {
    return this->conv3(this->conv2.then_relu(this->conv1.then_relu(x)));
  }
};

/// A training step: forward, loss, backward, Adam. x (batch, side, side, C), the target `scale` times as
/// large.
template <class T, class Net>
Workload train(std::shared_ptr<Net> net, Index batch, Index side, bool graph) {
  const crisp::models::InputSpec spec = net->input_spec();
  const Tensor input = random_tensor({batch, side, side, spec.channels});
  const Tensor target = random_tensor({batch, spec.scale * side, spec.scale * side, spec.channels});
  const auto adam =
      std::make_shared<crisp::optim::Adam<float, Device>>(*net, crisp::optim::AdamOptions{.lr = 1e-4});
  const std::function<void()> step = [=] {
    const crisp::Var<T, Device> y = (*net)(crisp::Var<T, Device>(input));
    const Var loss = std::is_same_v<Net, Srcnn<T>> ? mse_loss(y, target) : l1_loss(y, target);
    loss.backward();
    adam->step();
  };
  const auto repeated = std::make_shared<crisp::Graph<Device>>(step);
  const auto run = [=] {
    graph ? (*repeated)() : step();
    finish<Device>();
  };
  return {crisp::nn::parameter_count(*net).trained, input.shape(), run,
          graph ? 4 : 2};  // a graph is captured in its third call
}

/// The inference of one image, x (1, side, side, C), with nothing recorded.
template <class T, class Net>
Workload infer(std::shared_ptr<Net> net, Index side) {
  const Tensor image = random_tensor({1, side, side, net->input_spec().channels});
  return {crisp::nn::parameter_count(*net).trained, image.shape(), [=] {
            const crisp::NoGrad guard;
            (*net)(crisp::Var<T, Device>(image));
            finish<Device>();
          }};
}

/// All of them, for a processor or a GPU or both, on values of type T; weights, and what goes in, are float.
template <class T>
std::vector<Entry> workloads(Options o = {}) {
  const auto srcnn = [](Index f2) {
    return std::make_shared<Srcnn<T>>(crisp::models::SrcnnOptions{.f2 = f2});
  };
  const auto edsr = [] {
    return std::make_shared<crisp::models::Edsr<T, Device>>(crisp::models::EdsrOptions{.mean_shift = false});
  };
  const auto srresnet = [] { return std::make_shared<crisp::models::SrResNet<T, Device>>(); };
  const auto swinir = [=] {
    return std::make_shared<crisp::models::SwinIr<T, Device>>(
        crisp::models::SwinIrOptions{.drop_path = 0, .checkpointed = o.checkpointed});
  };
  return {
      {"W1_srcnn915_train_b16", [=] { return train<T>(srcnn(1), 16, 33, o.graph); }},
      {"W1_srcnn915_train_b128", [=] { return train<T>(srcnn(1), 128, 33, o.graph); }},
      {"W1_srcnn915_train_b1024", [=] { return train<T>(srcnn(1), 1024, 33, o.graph); }},
      {"W1_srcnn915_infer_512", [=] { return infer<T>(srcnn(1), 512); }},
      {"W1_srcnn955_infer_512", [=] { return infer<T>(srcnn(5), 512); }},
      {"W1_srcnn915_infer_2048", [=] { return infer<T>(srcnn(1), 2048); }},
      {"W2_edsr_train_b16_48", [=] { return train<T>(edsr(), 16, 48, o.graph); }},
      {"W2_edsr_train_b128_48", [=] { return train<T>(edsr(), 128, 48, o.graph); }},
      {"W2_edsr_infer_256", [=] { return infer<T>(edsr(), 256); }},
      {"W2_edsr_infer_1024", [=] { return infer<T>(edsr(), 1024); }},
      {"W3_srresnet_train_b16_24", [=] { return train<T>(srresnet(), 16, 24, o.graph); }},
      {"W3_srresnet_train_b128_24", [=] { return train<T>(srresnet(), 128, 24, o.graph); }},
      {"W3_srresnet_infer_128", [=] { return infer<T>(srresnet(), 128); }},
      {"W3_srresnet_infer_512", [=] { return infer<T>(srresnet(), 512); }},
      {"W4_swinir_train_b2_64", [=] { return train<T>(swinir(), 2, 64, o.graph); }},
      {"W4_swinir_train_b8_64", [=] { return train<T>(swinir(), 8, 64, o.graph); }},
      {"W4_swinir_train_b32_64", [=] { return train<T>(swinir(), 32, 64, o.graph); }},
      {"W4_swinir_infer_128", [=] { return infer<T>(swinir(), 128); }},
      {"W4_swinir_infer_512", [=] { return infer<T>(swinir(), 512); }},
  };
}

}  // namespace bench
