// Memory of the GPU for what a kernel leaves to the next one. It is freed in the order of the stream: after
// the kernels that use it.
#pragma once
#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T>
class Scratch {
 public:
  explicit Scratch(Index n) : data_(n > 0 ? PlainCuda::allocate<T>(n) : nullptr), n_(n) {}
  ~Scratch() {
    if (data_) PlainCuda::deallocate(data_, n_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* data() const { return data_; }

 private:
  T* data_;
  Index n_;
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
