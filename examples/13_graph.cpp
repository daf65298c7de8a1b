// A training whose steps are one CUDA graph on the GPU, and calls of a function on the CPU: ESPCN (Shi et al.
// 2016), small enough that the GPU would wait for the host else.  usage: 13_graph [FOLDER|synthetic] [STEPS]
#include <crisp/crisp.hpp>
#include <crisp/models/espcn.hpp>
using namespace crisp;
using Device = DefaultDevice;

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const Index steps = argc > 2 ? std::stol(argv[2]) : 3000;
  const auto images = folder == "synthetic" ? data::dead_leaves({.count = 32}) : data::load_folder(folder);
  const data::PatchDataset patches(images, {.scale = 3, .patch = 17, .luma = true, .input = data::Input::lr});

  models::Espcn<float, Device> net({.scale = 3});
  optim::Adam adam(net, {.lr = 1e-3});
  const optim::Schedule schedule = optim::cosine();
  Index count = 0;
  // [snippet:graph]
  Var<float, Device> x(Tensor<float, Device>({16, 17, 17, 1})),
      y(Tensor<float, Device>({16, 51, 51, 1}));  // where each batch is copied to
  Tensor<float, Device> total;
  Graph<Device> step([&] {
    const auto loss = mse_loss(net(x), y);
    loss.backward();
    adam.step();
    total = loss.value();
  });
  for (auto& [lr, hr] : patches.batches<Device>({.batch = 16, .steps = steps})) {
    x.value().copy_(lr);
    y.value().copy_(hr);
    adam.set_lr(1e-3 * schedule(count, steps));
    step();
    if (++count % 500 == 0 || count == steps)
      std::printf("step %ld  loss %.5f\n", long(count), double(total.item()));
  }
  // [/snippet]
  io::save("espcn.safetensors", net);
}
