// Eigen and crisp: the best linear filter that sharpens an enlarged picture, as a least-squares problem; and
// a network that is trained on EigenCpu, the device whose matrix products are Eigen's.
#include <crisp/crisp.hpp>
#include <crisp/eigen.hpp>

#include <Eigen/Cholesky>

using namespace crisp;
using Device = EigenCpu;  // this one line, and any program of crisp computes by plain loops and Eigen

// A row for each pixel that has neighbours on all sides: the 5 x 5 pixels around it.
Tensor<float, Device> neighbourhoods(const Tensor<float, Device>& x) {
  const Index N = x[0], H = x[1], W = x[2], inside = (H - 4) * (W - 4);
  Tensor<float, Device> rows({N * inside, 25});
  const auto pixels = as_array(x);
  auto matrix = as_matrix(rows);
  for (Index row = 0; row < N * inside; ++row) {
    const Index n = row / inside, top = row % inside / (W - 4), left = row % (W - 4);
    for (Index i = 0; i < 5; ++i)
      for (Index j = 0; j < 5; ++j) matrix(row, i * 5 + j) = pixels[(n * H + top + i) * W + left + j];
  }
  return rows;
}

// The pixels in the middle of those neighbourhoods.
Tensor<float, Device> middles(const Tensor<float, Device>& x) {
  const Tensor<float, Device> rows = neighbourhoods(x);
  return to_tensor<Device>(as_matrix(rows).col(12));
}

int main() {
  const auto images = data::dead_leaves({.count = 16, .height = 96, .width = 96});
  data::PatchDataset patches(images, {.scale = 3, .patch = 33, .luma = true});
  nn::Conv2d<float, Device> sharpen(1, 1, 5, {.border = Border::reflect});
  for (const auto& [input, target] : patches.batches<Device>({.batch = 64, .steps = 1})) {
    // [snippet:fit]
    const Tensor<float, Device> rows = neighbourhoods(input), wanted = middles(target);
    const auto A = as_matrix(rows);    // (pixels, 25)
    const auto b = as_vector(wanted);  // (pixels)
    // The w of the least |A w - b|^2, by the normal equations.
    const Eigen::VectorXf filter = (A.transpose() * A).ldlt().solve(A.transpose() * b);
    Tensor<float, Device> weight = sharpen.weight.value().reshape({25});  // the layer's own elements,
    as_vector(weight) = filter;                                           // which a view can write
    // [/snippet]
  }

  // The same filter, as a layer, on pictures that it was not fitted to; and then trained from there.
  optim::Adam adam(sharpen, {.lr = 1e-4});
  double before = 0, after = 0;
  for (const auto& [input, target] : patches.batches<Device>({.batch = 16, .steps = 10})) {
    const auto loss = mse_loss(sharpen(input), target);
    before += mse_loss(Var<float, Device>(input), target).item();
    after += loss.item();
    loss.backward();
    adam.step();
  }
  std::printf("squared error: %.5f enlarged by bicubic, %.5f then sharpened by least squares\n", before / 10,
              after / 10);
  return after < before ? 0 : 1;
}
