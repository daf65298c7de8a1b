// NcclRanks: the processes that mpirun started, as Ranks whose GPUs exchange tensors among themselves, by
// NCCL. This is the only header that includes NCCL; the tests have an emulation of it.
#pragma once
#include "crisp/backend/cuda/plain.cuh"
#include "crisp/distributed/mpi_ranks.hpp"
#if defined(CRISP_EMULATE_CUDA)
#include "emulation/nccl.hpp"
#else
#include <nccl.h>
#endif
#if NCCL_VERSION_CODE < NCCL_VERSION(2, 14, 0)
#error "crisp: NCCL 2.14 or newer is needed: older ones cannot be waited for without blocking"
#endif

namespace crisp::distributed {

namespace detail {
template <class T>
struct SumOfChunks {  // chunks (ranks, count): one from each process
  T* y;
  const T* chunks;
  Index count, ranks;
  CRISP_HD void operator()(Index i) const {
    double total = 0;
    for (Index rank = 0; rank < ranks; ++rank) total += double(chunks[rank * count + i]);
    y[i] = T(total);
  }
};
}  // namespace detail

inline namespace CRISP_CUDA_KIND {

/// Tensors on the GPU go from GPU to GPU, in the order of the session's stream. Numbers and texts go by MPI.
/// NCCL takes each GPU once: a process first chooses its own, such as Cuda::choose_device(mpi.rank_here()).
/// To be destroyed when all are through with their exchanges, as after fit().
///
/// Every exchange is waited for before anything else is begun. The GPU itself would wait for ever for a
/// process that is lost, and with it all that comes after, such as the weights that are to be saved. So the
/// host looks, and listens to what MPI says. When a process is lost, the host ends NCCL's work. What follows
/// in the stream, the step of the optimizer, has not been begun then.
class NcclRanks {
 public:
  /// Joins the GPUs of all processes; where there is one process, NCCL is not begun.
  /// Throws Error where two have the same GPU.
  explicit NcclRanks(MpiRanks& mpi) : mpi_(mpi) {
    if (size() == 1) return;
    const cuda::Session& session = cuda::Session::get();  // NCCL takes the GPU that is chosen now
    check_own_gpu(session.device);
    ncclUniqueId id = {};
    if (rank() == 0) nccl_check(ncclGetUniqueId(&id));
    std::string text(id.internal, sizeof id.internal);
    mpi_.broadcast(text);
    std::copy(text.begin(), text.end(), id.internal);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    finish([&] { return ncclCommInitRankConfig(&comm_, int(size()), id, int(rank()), &config); });
  }
  ~NcclRanks() { abort(); }
  NcclRanks(const NcclRanks&) = delete;
  NcclRanks& operator=(const NcclRanks&) = delete;

  Index rank() const { return mpi_.rank(); }
  Index size() const { return mpi_.size(); }

  void sum(std::vector<double>& numbers) { mpi_.sum(numbers); }
  void broadcast(std::string& text) { mpi_.broadcast(text); }

  /// As MpiRanks does: each process adds up one chunk, in the order of the ranks, and gives the sums to all.
  /// ncclAllReduce moves as many bytes, but NCCL chooses the order of its sums, and on another machine
  /// another one. So the weights are the same to the bit as by MPI.
  template <class T, class D>
  requires std::derived_from<D, PlainCuda>
  void sum(Tensor<T, D>& x) {
    if (size() == 1 || x.numel() == 0) return;
    const Index chunk = ceil_div(x.numel(), size());
    const auto begin = [&](Index r) { return std::min(r * chunk, x.numel()); };
    const auto count = [&](Index r) { return begin(r + 1) - begin(r); };
    const Index own = count(rank());
    T* const mine = x.data() + begin(rank());
    Tensor<T, D> chunks({size(), own});  // from every process what is added up here
    exchange([&](Index r) {
      send(x.data() + begin(r), count(r), r);
      receive(chunks.data() + r * own, own, r);
    });
    D::for_each(own, detail::SumOfChunks<T>{mine, chunks.data(), own, size()});
    exchange([&](Index r) {
      if (r == rank()) return;
      send(mine, own, r);
      receive(x.data() + begin(r), count(r), r);
    });
  }

  template <class T, class D>
  requires std::derived_from<D, PlainCuda>
  void broadcast(Tensor<T, D>& x) {
    if (size() == 1 || x.numel() == 0) return;
    finish([&] {
      const cudaStream_t stream = cuda::Session::get().stream;
      return ncclBroadcast(x.data(), x.data(), std::size_t(x.numel()), type(T{}), 0, comm_, stream);
    });
  }

 private:
  static ncclDataType_t type(float) { return ncclFloat32; }
  static ncclDataType_t type(double) { return ncclFloat64; }

  // Every GPU has an identity, of 16 bytes: all are told to all.
  void check_own_gpu(int device) {
    cudaDeviceProp own;
    cuda::cuda_check(cudaGetDeviceProperties(&own, device), "asking for the GPU's name");
    constexpr std::size_t bytes = sizeof own.uuid.bytes;
    std::vector<double> all(std::size_t(size()) * bytes, 0);
    const auto of = [&](Index r) { return all.begin() + std::ptrdiff_t(std::size_t(r) * bytes); };
    std::copy_n(own.uuid.bytes, bytes, of(rank()));
    mpi_.sum(all);
    for (Index a = 0; a < size(); ++a)
      for (Index b = a + 1; b < size(); ++b)
        check(!std::equal(of(a), of(a + 1), of(b)), "train: the processes ", a, " and ", b, " (from 0) of ",
              size(), " have the same GPU, where NCCL needs one for each; process ", rank(), " sees ",
              cuda_devices().size(), "\n  hint: start no more processes on a machine than it has GPUs");
  }

  // Calls f(r) for each process, which sends and receives: all of that goes on at the same time.
  template <class F>
  void exchange(const F& f) {
    finish([&] {
      nccl_check(ncclGroupStart());
      for (Index r = 0; r < size(); ++r) f(r);
      return ncclGroupEnd();
    });
  }
  template <class T>
  void send(const T* from, Index count, Index to) {
    const cudaStream_t stream = cuda::Session::get().stream;
    if (count > 0) nccl_check(ncclSend(from, std::size_t(count), type(T{}), int(to), comm_, stream));
  }
  template <class T>
  void receive(T* to, Index count, Index from) {
    const cudaStream_t stream = cuda::Session::get().stream;
    if (count > 0) nccl_check(ncclRecv(to, std::size_t(count), type(T{}), int(from), comm_, stream));
  }

  // Begins something of NCCL, and waits until it is done on the host and on the GPU.
  template <class F>
  void finish(const F& begin) {
    try {
      nccl_check(begin());
      mpi_.wait_for([&] { return begun() && idle(); });
    } catch (...) {
      abort();
      throw;
    }
  }

  // Whether what NCCL was asked for has come to the stream.
  bool begun() {
    ncclResult_t state;
    nccl_check(ncclCommGetAsyncError(comm_, &state));
    nccl_check(state);
    return state == ncclSuccess;
  }

  static bool idle() {
    const cudaError_t state = cudaStreamQuery(cuda::Session::get().stream);
    if (state != cudaErrorNotReady) cuda::cuda_check(state, "exchanging tensors with other GPUs");
    static_cast<void>(cudaGetLastError());
    return state == cudaSuccess;
  }

  // Ends what NCCL does on this GPU, finished or not.
  void abort() noexcept {
    if (comm_) static_cast<void>(ncclCommAbort(std::exchange(comm_, nullptr)));
  }

  static void nccl_check(ncclResult_t result) {
    if (result == ncclSuccess || result == ncclInProgress) return;
    throw LostRank(str("train: the GPUs cannot exchange their numbers: ", ncclGetErrorString(result), "; ",
                       ncclGetLastError(nullptr), "\n  hint: the environment NCCL_DEBUG=WARN tells more"));
  }

  MpiRanks& mpi_;
  ncclComm_t comm_ = nullptr;
};

}  // namespace CRISP_CUDA_KIND
}  // namespace crisp::distributed
