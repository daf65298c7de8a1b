// See running.hpp.
#include "running.hpp"

namespace crisp::program {

namespace {

using Device = DefaultDevice;

// (N, C, H, W) of a file <-> (N, H, W, C).
Var<float, Device> from_file(const io::HostTensor& t) {
  return permute(Var<float, Device>(Tensor<float, Device>(t.shape, t.values<float>())), {0, 2, 3, 1});
}
io::HostTensor to_file(const Var<float, Device>& x) {
  const Var<float, Device> y = permute(x, {0, 3, 1, 2});
  return io::HostTensor::of(y.shape(), y.value().to_host());
}

// Itself, where it is a network on D already, else a copy of it.
template <class T, class D>
std::shared_ptr<const zoo::AnyModel<T, D>> on_device(std::shared_ptr<const Network> net) {
  if constexpr (std::same_as<Network, zoo::AnyModel<T, D>>) return net;
  else return std::make_shared<const zoo::AnyModel<T, D>>(zoo::copy_of<T, D>(*net));
}

}  // namespace

template <class T, class D>
Running running(std::shared_ptr<const Network> given) {
  const auto net = on_device<T, D>(std::move(given));
  return {.upscaler = [net](const data::Image& lr, Index scale,
                            infer::Protocol protocol) { return infer::upscaler(*net)(lr, scale, protocol); },
          .upscale = [net](const data::Image& image, Index scale, const infer::Options& o,
                           const infer::RowSink& sink) { infer::upscale(*net, image, scale, o, sink); },
          .forward =
              [net](const io::HostTensor& x) {
                const NoGrad guard;
                const Var<float, D> y((*net)(from_file(x)));
                infer::check_result(*net, y.shape(), y.value().to_host());
                return to_file(y);
              }};
}
template Running running<float, Device>(std::shared_ptr<const Network> net);
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
template Running running<bfloat16, Cuda>(std::shared_ptr<const Network> net);
#endif

}  // namespace crisp::program
