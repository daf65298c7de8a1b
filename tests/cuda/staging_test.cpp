// Batches on their way to the GPU: copies in a second stream, and the memory of the host and of the GPU that
// they take.
#include "crisp/data/dataset.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

template <class D>
std::vector<float> all_values(const data::PatchDataset& patches, data::LoaderOptions o) {
  std::vector<float> values;
  for (auto& [input, target] : patches.batches<D>(o)) {
    const Var<float, D> x = input, y = target;
    for (const float v : ((x + y) - y).value().to_host())
      values.push_back(v);  // memory is freed and taken meanwhile
    for (const float v : target.to_host()) values.push_back(v);
  }
  return values;
}

// Batches of the number of their step.
data::Batches<float, Cuda> counting(Index steps, int threads, Index broken = -1) {
  return {
      {.batch = 1, .steps = steps, .threads = threads}, {4}, {2}, [broken](Index step, float* a, float* b) {
        check(step != broken, "no batch ", step);
        std::fill_n(a, 4, float(step));
        std::fill_n(b, 2, -float(step));
      }};
}

}  // namespace

TEST_CASE("batches on the GPU are those on the CPU") {
  const data::PatchDataset patches(data::dead_leaves({.count = 2, .height = 30, .width = 30}), {.patch = 9});
  for (const int threads : {1, 3}) {
    const data::LoaderOptions o{.batch = 2, .steps = 25, .threads = threads};
    const auto cpu = all_values<Cpu>(patches, o), gpu = all_values<Cuda>(patches, o);
    CHECK(relative_error(gpu, cpu) < 1e-6);
  }
}

TEST_CASE("the plain GPU, which copies in the order of its computations, has the same batches") {
  const data::PatchDataset patches(data::dead_leaves({.count = 2, .height = 30, .width = 30}), {.patch = 9});
  const data::LoaderOptions o{.batch = 2, .steps = 8};
  CHECK(all_values<PlainCuda>(patches, o) == all_values<Cuda>(patches, o));
}

TEST_CASE("batches that are kept stay as they are, while the memory behind later ones is used again") {
  std::vector<data::Batch<float, Cuda>> kept;
  for (auto& batch : counting(40, 2)) kept.push_back(batch);
  REQUIRE(kept.size() == 40);
  for (Index i = 0; i < 40; ++i) {
    CHECK(kept[std::size_t(i)].input.to_host() == std::vector<float>(4, float(i)));
    CHECK(kept[std::size_t(i)].target.to_host() == std::vector<float>(2, -float(i)));
  }
}

TEST_CASE("an early end, and a worker that fails, leave nothing behind") {
  Cuda::synchronize();
  const Index before = Cuda::memory_use().now;
  for (const Index end : {0, 1, 5}) {
    Index i = 0;
    for (auto& batch : counting(100, 3)) {
      CHECK(batch.input.shape() == Shape{4});
      if (i++ == end) break;
    }
  }
  { auto unused = counting(100, 2); }
  Index seen = 0;
  CHECK_ERROR(for (auto& batch
                   : counting(100, 2, 7)) seen += batch.input.to_host()[0] == float(seen),
              "no batch 7");
  CHECK(seen <= 7);
  CHECK_ERROR(for ([[maybe_unused]] auto& batch
                   : counting(100, 1)) check(false, "the loop itself"),
              "the loop itself");
  CHECK(Cuda::memory_use().now == before);  // where this waits, the emulation tells what was out of order
}

TEST_CASE("nothing to copy is no error") {
  cuda::Staging<float> none(0);
  Tensor<float, Cuda> empty({0});
  CHECK_NOTHROW(none.send(empty.data()));
  CHECK_NOTHROW(none.arrive());
}
