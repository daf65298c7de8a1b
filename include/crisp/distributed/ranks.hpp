// Ranks: the processes that train one network together. Each holds the whole network and computes its part of every batch; then all
// make the same step, by the mean of their gradients, so that the loss curve is that of one process with the whole batch.
#pragma once
#include <concepts>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "crisp/core/parallel.hpp"
#include "crisp/nn/module.hpp"

namespace crisp::distributed {

/// What the training loop needs of the processes. MpiRanks (distributed/mpi_ranks.hpp) are those that mpirun started, and carry their numbers
/// through host memory; NcclRanks (distributed/nccl_ranks.cuh) are the same processes, whose GPUs exchange tensors among themselves.
template <class R, class T, class D>
concept Ranks = requires(R& r, std::vector<double>& numbers, Tensor<T, D>& x, std::string& text) {
  { r.rank() } -> std::same_as<Index>;  // 0 to size() - 1; 0 is the first, which validates, prints and writes
  { r.size() } -> std::same_as<Index>;
  r.sum(numbers);                       // in place: the sums over all, in a fixed order, the same for all to the bit
  r.sum(x);
  r.broadcast(x);                       // in place: what the first has
  r.broadcast(text);
};

/// A process of its own: all that is agreed on is what it says itself. The last four are explained at MpiRanks.
struct OneRank {
  Index rank() const { return 0; }
  Index size() const { return 1; }
  template <class V> void sum(V&) {}
  template <class V> void broadcast(V&) {}
  Index rank_here() const { return 0; }
  int fair_threads() const { return threads(); }
  void leave_to_first(const std::exception&) {}
  void end(int) {}
};

/// Another process does not answer any more.
struct LostRank : Error {
  using Error::Error;
};

/// How many processes mpirun, or a scheduler, started together, this one among them, as the environment tells; else 1.
inline Index processes_started() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const char* value = std::getenv(name)) return std::max<Index>(1, std::strtol(value, nullptr, 10));
  return 1;
}

namespace detail {

template <class T> struct MeanOf {
  T* y; const T* sum; T count;
  CRISP_HD void operator()(Index i) const { y[i] = sum[i] / count; }
};

/// Makes x the mean over all.
template <class T, class D, Ranks<T, D> R>
void average(Tensor<T, D>& x, R& ranks) {
  ranks.sum(x);
  D::for_each(x.numel(), MeanOf<T>{x.data(), x.data(), T(ranks.size())});
}

/// Makes each gradient of the network the mean over all; they travel as one.
template <class T, class D, class M, Ranks<T, D> R>
void average_gradients(M& net, R& ranks) {
  if (ranks.size() == 1) return;
  std::vector<Tensor<T, D>> gradients;
  Index count = 0;
  net.each_param([&](const std::string&, nn::Param<T, D>& p) {
    if (!p.grad().defined()) return;
    gradients.push_back(p.grad());
    count += p.numel();
  });
  Tensor<T, D> all({count});
  std::vector<std::pair<Index, crisp::detail::Convert<T, T>>> gather;
  std::vector<std::pair<Index, MeanOf<T>>> give_back;
  T* at = all.data();
  for (Tensor<T, D>& g : gradients) {
    gather.push_back({g.numel(), {at, g.data()}});
    give_back.push_back({g.numel(), {g.data(), at, T(ranks.size())}});
    at += g.numel();
  }
  crisp::detail::for_each_of<D>(gather);
  ranks.sum(all);
  crisp::detail::for_each_of<D>(give_back);
}

/// Throws Error, with the first line that differs, unless all have the same text.
template <class R>
void check_same(const std::string& text, R& ranks) {
  std::string first = text;
  ranks.broadcast(first);
  if (text == first) return;
  std::istringstream here(text), there(first);
  std::string mine, its;
  do {
    if (!std::getline(here, mine)) mine = "nothing";
    if (!std::getline(there, its)) its = "nothing";
  } while (mine == its && (here || there));
  throw Error(str("train: the processes do not train the same: '", mine, "' here, '", its, "' in the first one\n  hint: give all the same options and pictures"));
}

}  // namespace detail

}  // namespace crisp::distributed
