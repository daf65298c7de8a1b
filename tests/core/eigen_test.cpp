// Tensors as Eigen's matrices and back: the same elements, in the same order.
#include "crisp/eigen.hpp"

#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

TEST_CASE("a view has the tensor's own elements: row by row, to read and to write") {
  Tensor<float, Cpu> x({2, 3}, {1, 2, 3, 4, 5, 6});
  auto matrix = as_matrix(x);
  CHECK(matrix.data() == x.data());
  CHECK(matrix.rows() == 2);
  CHECK(matrix.cols() == 3);
  CHECK(matrix(1, 0) == 4);
  matrix(0, 2) = 30;
  as_array(x) *= 2;
  CHECK(x.to_host() == std::vector<float>{2, 4, 60, 8, 10, 12});

  const Tensor<double, EigenCpu> v({3}, {1, 2, 2});
  CHECK(as_vector(v).data() == v.data());
  CHECK(as_vector(v).norm() == 3);
  const Tensor<double, EigenCpu> image({1, 2, 2, 3}, 0.5);
  CHECK(as_array(image).data() == image.data());
  CHECK(as_array(image).size() == 12);
}

TEST_CASE("what Eigen computes becomes a tensor with elements of its own, row by row") {
  const Tensor<float, EigenCpu> a({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto turned = to_tensor<EigenCpu>(as_matrix(a).transpose());
  CHECK(turned.shape() == Shape{3, 2});
  CHECK(turned.to_host() == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(turned.data() != a.data());
  const auto sums = to_tensor<Cpu>(as_matrix(a).rowwise().sum());
  CHECK(sums.shape() == Shape{2});
  CHECK(sums.to_host() == std::vector<float>{6, 15});
  Eigen::MatrixXd by_columns(2, 2);  // Eigen's own order
  by_columns << 1, 2, 3, 4;
  CHECK(to_tensor<Cpu>(by_columns).to_host() == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("a tensor of another rank is no matrix, and no vector") {
  Tensor<float, Cpu> image({1, 2, 2, 3}, 0.0f);
  CHECK_ERROR(as_matrix(image),
              "as_matrix: a matrix has 2 axes, but this tensor is (1, 2, 2, 3); reshape it first");
  const Tensor<float, Cpu> matrix({2, 3}, 0.0f);
  CHECK_ERROR(as_vector(matrix),
              "as_vector: a vector has 1 axis, but this tensor is (2, 3); reshape it first");
}

// A view of a temporary would see memory that is no longer there.
template <class X>
concept HasView = requires(X&& x) {
  as_matrix(std::forward<X>(x));
};
static_assert(HasView<Tensor<float, Cpu>&> && HasView<const Tensor<float, Cpu>&>);
static_assert(!HasView<Tensor<float, Cpu>> && !HasView<const Tensor<float, Cpu>>);
