// See running.hpp.
#include "running.hpp"

namespace crisp::program {

namespace {

using Device = DefaultDevice;

// (N, C, H, W) of a file <-> (N, H, W, C).
Var<float, Device> from_file(const io::HostTensor& t) { return permute(Var<float, Device>(Tensor<float, Device>(t.shape, t.values<float>())), {0, 2, 3, 1}); }
io::HostTensor to_file(const Var<float, Device>& x) {
  const Var<float, Device> y = permute(x, {0, 3, 1, 2});
  return io::HostTensor::of(y.shape(), y.value().to_host());
}

}  // namespace

template <class T, class D>
Running running(const Network& given) {
  const auto net = std::make_shared<zoo::AnyModel<T, D>>(moved_to<T, D>(given));
  return {.upscaler = [net](const data::Image& lr, Index scale, infer::Protocol protocol) { return infer::upscaler(*net)(lr, scale, protocol); },
          .upscale = [net](const data::Image& image, Index scale, const infer::Options& o, const infer::RowSink& sink) { infer::upscale(*net, image, scale, o, sink); },
          .forward = [net](const io::HostTensor& x) {
            const NoGrad guard;
            return to_file(Var<float, D>((*net)(from_file(x))));
          }};
}
template Running running<float, Device>(const Network& net);
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
template Running running<bfloat16, Cuda>(const Network& net);
#endif

}  // namespace crisp::program
