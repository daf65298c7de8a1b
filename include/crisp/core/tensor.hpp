// Tensor<T, D>: a shape and a contiguous, shared buffer of elements T on device D.
#pragma once
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "crisp/core/backend.hpp"
#include "crisp/core/shape.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Fill {
  T* y;
  T value;
  CRISP_HD void operator()(Index i) const { y[i] = value; }
};
template <class T, class U>
struct Convert {
  T* y;
  const U* x;
  CRISP_HD void operator()(Index i) const { y[i] = T(x[i]); }
};
template <class T>
struct AddTo {
  T* y;
  const T* x;
  CRISP_HD void operator()(Index i) const { y[i] += x[i]; }
};
}  // namespace detail

/// Copying a Tensor copies the handle: both share the elements. clone() copies the elements. Images are
/// (N, H, W, C), weights of a convolution (O, kH, kW, C); the last axis is contiguous.
template <class T, class D>
class Tensor {
  static_assert(
      Backend<D>,
      "crisp: this device is not available in this file; crisp::Cuda needs a file that nvcc compiles");

 public:
  using value_type = T;
  using device_type = D;

  Tensor() = default;  // empty: defined() is false

  /// Elements are not initialised. Throws Error where there is not enough memory.
  explicit Tensor(Shape shape)
      : shape_(shape),
        data_(D::template allocate<T>(shape.numel()), [n = shape.numel()](T* p) { D::deallocate(p, n); }) {}

  /// Each element is `value`. Throws Error where there is not enough memory.
  Tensor(Shape shape, T value) : Tensor(shape) { fill(value); }

  /// Copies the elements from the host, last axis fastest. Throws Error unless there are shape.numel() of
  /// them.
  Tensor(Shape shape, const std::vector<T>& values) : Tensor(checked(shape, values.size())) {
    D::from_host(data(), values.data(), numel());
  }

  /// The shape, the extent of one axis, the number of elements.
  const Shape& shape() const { return shape_; }
  Index operator[](int axis) const { return shape_[axis]; }  // the extent of an axis; -1 is the last
  Index numel() const { return data_ ? shape_.numel() : 0; }
  bool defined() const { return data_ != nullptr; }
  bool shares_elements() const { return data_.use_count() > 1; }

  /// The elements in the device's memory, last axis fastest: for kernels. to_host() copies them.
  const T* data() const { return data_.get(); }
  T* data() { return data_.get(); }

  /// Overwrites each element; every handle that shares them sees it.
  void fill(T value) { D::for_each(numel(), detail::Fill<T>{data(), value}); }

  /// A copy of the elements, on the same device.
  Tensor clone() const {
    Tensor y(shape_);
    D::for_each(numel(), detail::Convert<T, T>{y.data(), data()});
    return y;
  }

  /// The same elements under another shape. Throws Error unless the number of elements agrees.
  Tensor reshape(Shape shape) const {
    check(shape.numel() == shape_.numel(), "reshape: ", shape_, " holds ", shape_.numel(), " elements, but ",
          shape, " needs ", shape.numel());
    Tensor y = *this;
    y.shape_ = shape;
    return y;
  }

  /// Adds x, of the same shape, in place. For gradients and optimizers: ops never write their inputs.
  void add_(const Tensor& x) {
    check(x.shape() == shape_, "add_: shapes differ: ", shape_, " and ", x.shape());
    D::for_each(numel(), detail::AddTo<T>{data(), x.data()});
  }

  /// Overwrites the elements with those of x, of the same shape; every handle that shares them sees it.
  void copy_(const Tensor& x) {
    check(x.shape() == shape_, "copy_: shapes differ: ", shape_, " and ", x.shape());
    D::for_each(numel(), detail::Convert<T, T>{data(), x.data()});
  }

  /// A copy of the elements in host memory, last axis fastest.
  std::vector<T> to_host() const {
    std::vector<T> values(static_cast<std::size_t>(numel()));
    D::to_host(values.data(), data(), numel());
    return values;
  }

  /// The value of a tensor with one element. Throws Error for any other.
  T item() const {
    check(numel() == 1, "item: only a tensor with one element has a single value; this one is ", shape_);
    T value{};
    D::to_host(&value, data(), 1);
    return value;
  }

  /// A copy with another element type, on the same device: x.template to<double>().
  template <class U>
  Tensor<U, D> to() const {
    Tensor<U, D> y(shape_);
    D::for_each(numel(), detail::Convert<U, T>{y.data(), data()});
    return y;
  }

 private:
  static Shape checked(Shape shape, std::size_t count) {
    check(Index(count) == shape.numel(), "Tensor: shape ", shape, " holds ", shape.numel(), " elements, but ",
          count, " were given");
    return shape;
  }

  Shape shape_;
  std::shared_ptr<T> data_;
};

}  // namespace crisp
