// Times single ops and their gradients, at the shapes that the networks give them, in effective GFLOP/s or in
// GB/s.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/ops/gelu.hpp"
#include "crisp/ops/grouped_conv2d.hpp"
#include "crisp/ops/layer_norm.hpp"
#include "crisp/ops/linear.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/softmax.hpp"
#include "crisp/ops/window_attention.hpp"
#include "workloads.hpp"

using namespace bench;
using crisp::Shape;

/// What one repetition amounts to: operations (a multiplication and an addition are two), bytes read and
/// written, or neither.
struct Cost {
  double flops = 0, bytes = 0;
};

// Registers `name`: prepare() is not timed, run() is.
template <class Prepare, class Run>
static void add(const std::string& name, Cost cost, Prepare prepare, Run run) {
  benchmark::RegisterBenchmark(
      name.c_str(),
      [=](benchmark::State& state) mutable {
        for (auto _ : state) {
          prepare();
          const auto start = std::chrono::steady_clock::now();
          run();
          state.SetIterationTime(
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
        using benchmark::Counter;
        if (cost.flops > 0)
          state.counters["GFLOP/s"] = Counter(cost.flops / 1e9, Counter::kIsIterationInvariantRate);
        if (cost.bytes > 0)
          state.counters["GB/s"] = Counter(cost.bytes / 1e9, Counter::kIsIterationInvariantRate);
      })
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

// Registers the way forward of an op, with nothing recorded.
template <class Op>
static void add_forward(const std::string& name, Cost cost, Op op) {
  add(
      name, cost, [] {},
      [=] {
        const crisp::NoGrad guard;
        op();
      });
}

// Registers the backward pass of an op: op() records it, and gives its result; `learning` are the operands
// that want a gradient.
template <class Op>
static void add_backward(const std::string& name, Cost cost, std::vector<Var> learning, Op op) {
  const Tensor dy = random_tensor(crisp::no_grad(op).shape());
  const auto y = std::make_shared<Var>();
  const auto prepare = [=]() mutable {
    for (Var& v : learning) v.zero_grad();
    *y = op();
  };
  add(name, cost, prepare,
      [=] { y->node()->backward(dy); });  // the op's own, without the walk over its history
}

static Var leaf(Shape shape) { return Var(random_tensor(shape), true); }
static Var data(Shape shape) { return Var(random_tensor(shape)); }

// An op that is a product of x and w: forward, and both gradients, which take as many operations.
template <class Op>
static void product(const std::string& name, const std::string& shapes, double flops, Shape x_shape,
                    Shape w_shape, Op op) {
  const Var x = data(x_shape), w = data(w_shape), b = data({w_shape[0]}), dx = leaf(x_shape),
            dw = leaf(w_shape);
  add_forward(name + "/forward/" + shapes, {.flops = flops}, [=] { return op(x, w, b); });
  add_backward(name + "/input_gradient/" + shapes, {.flops = flops}, {dx}, [=] { return op(dx, w, Var()); });
  add_backward(name + "/weight_gradient/" + shapes, {.flops = flops}, {dw}, [=] { return op(x, dw, Var()); });
}

// (batch, side, side, in) -> (batch, side, side, out)
static void conv2d(Index kernel, Index in, Index out, Index batch, Index side) {
  const Shape w{out, kernel, kernel, in};
  product("conv2d", crisp::str(kernel, "x", kernel, "_", in, "_to_", out, "/", batch, "x", side, "x", side),
          2.0 * double(batch * side * side * w.numel()), {batch, side, side, in}, w,
          [](const Var& x, const Var& w, const Var& b) { return crisp::conv2d(x, w, b); });
}

// Each channel by itself: (batch, side, side, channels) -> the same shape
static void depthwise_conv2d(Index kernel, Index channels, Index batch, Index side) {
  const Shape w{channels, kernel, kernel, 1};
  product("depthwise_conv2d",
          crisp::str(kernel, "x", kernel, "_", channels, "/", batch, "x", side, "x", side),
          2.0 * double(batch * side * side * w.numel()), {batch, side, side, channels}, w,
          [=](const Var& x, const Var& w, const Var& b) { return crisp::grouped_conv2d(x, w, b, channels); });
}

static void linear(Index rows, Index in, Index out) {
  product("linear", crisp::str(rows, "x", in, "_to_", out), 2.0 * double(rows * in * out), {rows, in},
          {out, in}, [](const Var& x, const Var& w, const Var& b) { return crisp::linear(x, w, b); });
}

// Windows of n pixels; the products alone count: two forward, four backward.
static void window_attention(Index windows, Index n, Index channels, Index heads) {
  const std::string shapes = crisp::str(windows, "x", n, "x", channels, "_heads_", heads);
  const double flops = 2.0 * double(windows * n * n * channels);  // of a product
  const Var qkv = leaf({windows, n, 3 * channels}), bias = leaf({heads, n, n});
  const auto op = [=] { return crisp::window_attention(qkv, bias); };
  add_forward("window_attention/forward/" + shapes, {.flops = 2 * flops}, op);
  add_backward("window_attention/gradient/" + shapes, {.flops = 4 * flops}, {qkv, bias}, op);
}

// An op that moves memory: it reads x and writes a y of the same size; its gradient reads dy, for `kept` also
// x or y, and writes dx.
template <class Op>
static void memory_bound(const std::string& name, Shape shape, bool kept, std::vector<Var> weights, Op op) {
  const double size = double(shape.numel()) * sizeof(float);
  std::string shapes;
  for (int axis = 0; axis < shape.rank(); ++axis) shapes += crisp::str(axis ? "x" : "/", shape[axis]);
  const Var x = leaf(shape);
  weights.push_back(x);
  add_forward(name + "/forward" + shapes, {.bytes = 2 * size}, [=] { return op(x); });
  add_backward(name + "/gradient" + shapes, {.bytes = (kept ? 3 : 2) * size}, weights, [=] { return op(x); });
}

struct Weight {
  crisp::nn::Param<float, Device> weight;
  CRISP_PARAMS(weight)
};

// One step for n weights in one tensor: weight and both moments read and written, the gradient read.
static void adam(Index n) {
  const auto net = std::make_shared<Weight>(Weight{random_tensor({n})});
  const auto optimizer =
      std::make_shared<crisp::optim::Adam<float, Device>>(*net, crisp::optim::AdamOptions{.lr = 1e-4});
  add(
      crisp::str("adam/", n), {.bytes = 7.0 * double(n) * sizeof(float)},
      [=, g = random_tensor({n})] { net->weight.add_grad(g); }, [=] { optimizer->step(); });
}

int main(int argc, char** argv) {
  conv2d(9, 1, 64, 128, 33);  // SRCNN
  conv2d(1, 64, 32, 128, 33);
  conv2d(5, 64, 32, 128, 33);
  conv2d(5, 32, 1, 128, 33);
  conv2d(3, 64, 64, 16, 48);  // EDSR
  conv2d(3, 64, 256, 16, 48);
  conv2d(3, 64, 3, 16, 96);
  conv2d(9, 64, 3, 16, 96);  // SRResNet
  conv2d(3, 60, 60, 2, 64);  // SwinIR: 8192 pixels
  depthwise_conv2d(3, 64, 4, 64);
  linear(8192, 60, 180);
  window_attention(128, 64, 60, 6);
  const Var w = leaf({60}), b = leaf({60});
  memory_bound("layer_norm", {8192, 60}, true, {w, b}, [=](const Var& x) { return layer_norm(x, w, b); });
  memory_bound("gelu", {8192, 120}, true, {}, [](const Var& x) { return gelu(x); });
  memory_bound("softmax", {49152, 64}, true, {}, [](const Var& x) { return softmax(x); });
  memory_bound("pixel_shuffle", {16, 48, 48, 256}, false, {},
               [](const Var& x) { return pixel_shuffle(x, 2); });
  const auto norm = std::make_shared<crisp::nn::BatchNorm2d<float, Device>>(64);
  memory_bound("batch_norm", {16, 24, 24, 64}, true, {norm->weight, norm->bias}, [=](const Var& x) {
    const crisp::nn::TrainingMode mode(true);
    return (*norm)(x);
  });
  adam(1 << 20);

  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
