// Ranks: the processes that train one network together. Each has the whole network, and
// computes a share of every batch. Then all make the same step, by the mean of their gradients:
// as one process does with the whole batch.
#pragma once
#include <concepts>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "crisp/core/parallel.hpp"
#include "crisp/nn/module.hpp"

namespace crisp::distributed {

/// What the training loop needs of the processes. MpiRanks (distributed/mpi_ranks.hpp) are those that mpirun
/// started. Their numbers travel through host memory. NcclRanks (distributed/nccl_ranks.cuh) are the same
/// processes, whose GPUs exchange tensors among themselves.
template <class R, class T, class D>
concept Ranks = requires(R& r, std::vector<double>& numbers, Tensor<T, D>& x, std::string& text) {
  { r.rank() } -> std::same_as<Index>;  // 0 to size() - 1; 0 is the first, which validates, prints and writes
  { r.size() } -> std::same_as<Index>;
  r.sum(numbers);  // in place: the sums over all, in a fixed order, so for all the same
  r.sum(x);
  r.broadcast(x);  // in place: what the first has
  r.broadcast(text);
};

/// One process by itself: each exchange leaves what is there. The last four are explained at MpiRanks.
struct OneRank {
  Index rank() const { return 0; }
  Index size() const { return 1; }
  template <class V>
  void sum(V&) {}
  template <class V>
  void broadcast(V&) {}
  Index rank_here() const { return 0; }
  int fair_threads() const { return threads(); }
  void leave_to_first(const std::exception&) {}
  void end(int) {}
};

/// Another process does not answer any more.
struct LostRank : Error {
  using Error::Error;
};

/// How many processes mpirun or a scheduler started together, with this
/// one. The environment tells it; else 1.
inline Index processes_started() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const char* value = std::getenv(name)) return std::max<Index>(1, std::strtol(value, nullptr, 10));
  return 1;
}

namespace detail {

template <class T>
struct DivideSum {
  T* y;
  const T* sum;
  T count;
  CRISP_HD void operator()(Index i) const { y[i] = sum[i] / count; }
};

/// Makes x the mean over all.
template <class T, class D, Ranks<T, D> R>
void average(Tensor<T, D>& x, R& ranks) {
  ranks.sum(x);
  D::for_each(x.numel(), DivideSum<T>{x.data(), x.data(), T(ranks.size())});
}

/// Makes each gradient of the network the mean over all. They travel as one tensor.
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
  std::vector<std::pair<Index, DivideSum<T>>> scatter;
  T* chunk = all.data();
  for (Tensor<T, D>& gradient : gradients) {
    gather.push_back({gradient.numel(), {chunk, gradient.data()}});
    scatter.push_back({gradient.numel(), {gradient.data(), chunk, T(ranks.size())}});
    chunk += gradient.numel();
  }
  crisp::detail::for_each_of<D>(gather);
  ranks.sum(all);
  crisp::detail::for_each_of<D>(scatter);
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
  throw Error(str("train: the processes do not train the same: '", mine, "' here, '", its,
                  "' in the first one\n  hint: give all the same options and pictures"));
}

}  // namespace detail

}  // namespace crisp::distributed
