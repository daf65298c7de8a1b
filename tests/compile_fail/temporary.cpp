// expect: give it a name
#include "crisp/backend/cpu.hpp"
#include "crisp/data/dataset.hpp"
#include "crisp/infer/evaluate.hpp"
#include "crisp/models/srcnn.hpp"
using namespace crisp;

int main() {
  const std::vector<data::Image> images(1, data::Image(32, 32, 1));
  const data::PatchDataset patches(images, {.patch = 8});
  models::Srcnn<float, Cpu> net;
  double sum = 0;
#if MISTAKE == 1
  for (auto& [input, target] : data::PatchDataset(images, {.patch = 8}).batches<Cpu>({.steps = 2}))
    sum += double(input.numel());
  const infer::Upscaler method = infer::upscaler(net);
#elif MISTAKE == 2
  const infer::Upscaler method = infer::upscaler(models::Srcnn<float, Cpu>());
#else
  for (auto& [input, target] : patches.batches<Cpu>({.steps = 2})) sum += double(input.numel());
  const infer::Upscaler method = infer::upscaler(net);
#endif
  return method && sum >= 0 ? 0 : 1;
}
