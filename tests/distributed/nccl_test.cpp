// NcclRanks: what GPUs exchange among themselves is what MPI brings from one to the other, to the bit; and a
// training by them. To be started by mpirun; the GPUs and NCCL are emulated.
#define DOCTEST_CONFIG_IMPLEMENT
#include "crisp/distributed/nccl_ranks.cuh"

#include "crisp/data/synthetic.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/sgd.hpp"
#include "crisp/train/trainer.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::train;
using namespace crisp::io;
using namespace crisp::distributed;
using namespace crisp::test;

namespace {

MpiRanks& mpi() {
  static MpiRanks ranks;
  return ranks;
}

template <class T, class D>
struct Net {
  nn::Conv2d<T, D> conv1{1, 3, 3, {.padding = 1, .bias = false}}, conv2{3, 1, 3, {.padding = 1}};
  nn::BatchNorm2d<T, D> bn{3};
  Var<T, D> operator()(const Var<T, D>& x) const { return x + conv2(bn(conv1(x))); }
  CRISP_PARAMS(conv1, conv2, bn)
};

template <class R>
std::vector<float> trained_by(R& ranks, const std::filesystem::path& out) {
  seed(std::uint64_t(1 + ranks.rank()));  // other weights at first: those of the first count
  Net<float, Cuda> net;
  optim::Sgd<float, Cuda> sgd(net, {.lr = 0.1});
  data::PatchDataset patches{data::dead_leaves({.count = 1, .height = 24, .width = 24}), {.patch = 8}};
  fit(
      net, sgd, patches, [&](const auto& x, const auto& t) { return mse_loss(net(x), t); },
      {.out = out, .steps = 3, .loader = {.batch = 6}, .quiet = true}, ranks);
  std::vector<float> weights;
  net.each_param([&](const std::string&, const auto& p) {
    for (const float v : p.value().to_host()) weights.push_back(v);
  });
  return weights;
}

}  // namespace

TEST_CASE_TEMPLATE("sums and what the first has, by NCCL and by MPI", T, float, double) {
  NcclRanks nccl(mpi());
  CHECK(nccl.size() == mpi().size());
  for (const Index n : {1, 2, 3, 7, 1000}) {  // fewer than processes, and no multiple of them
    INFO("elements: " << n);
    const auto own = random_tensor<T, Cuda>({n}, std::uint64_t(10 + nccl.rank()));
    Tensor<T, Cuda> a = own.clone(), b = own.clone();
    mpi().sum(a);
    nccl.sum(b);
    CHECK(a.to_host() == b.to_host());
    b = own.clone();
    nccl.broadcast(b);
    CHECK(b.to_host() == random_tensor<T, Cuda>({n}, 10).to_host());
  }
  Tensor<T, Cuda> none({0});
  CHECK_NOTHROW(nccl.sum(none));
  CHECK_NOTHROW(nccl.broadcast(none));
  std::vector<double> numbers{1, double(nccl.rank())};
  nccl.sum(numbers);
  CHECK(numbers[0] == double(nccl.size()));
  std::string text = str("from ", nccl.rank());
  nccl.broadcast(text);
  CHECK(text == "from 0");
}

TEST_CASE("a training finds the same weights to the bit, whether gradients travel by NCCL or by MPI") {
  const TemporaryFolder folder;
  NcclRanks nccl(mpi());
  CHECK(trained_by(nccl, folder.path / "nccl") == trained_by(mpi(), folder.path / "mpi"));
}

// Run by itself, as it ends all processes.
TEST_CASE("lost: the others are waited for, and one tells that it lost another" * doctest::skip()) {
  try {  // the first one may hear of it while it still meets the others
    NcclRanks nccl(mpi());
    Tensor<float, Cuda> x({10}, 1.0f);
    if (nccl.rank() == 1) mpi().leave_to_first(LostRank("another is gone"));
    nccl.sum(x);
  } catch (const LostRank& e) {
    if (mpi().rank() == 0) std::printf("LostRank: %s\n", e.what()), std::fflush(stdout);
  }
  mpi().end(1);
}

int main(int argc, char** argv) {
  Cuda::choose_device(int(mpi().rank_here()));
  const int status = doctest::Context(argc, argv).run();
  mpi().end(status);
  return status;
}
