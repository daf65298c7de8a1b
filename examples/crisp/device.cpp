// See device.hpp. Where crisp is built with CUDA this file is compiled by nvcc, which is how it knows.
#include "device.hpp"

#include <fstream>
#include <thread>

#include "processes.hpp"

namespace crisp::program {

#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)

Gpus gpus() {
  Gpus found;
  for (const CudaDevice& gpu : cuda_devices())
    found.lines.push_back(str(gpu.name, ", ", fixed(double(gpu.memory) / 1073741824.0, 1),
                              " GB, compute capability ", gpu.major, ".", gpu.minor));
  if (!found.lines.empty()) return found;
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  static_cast<void>(cudaGetLastError());
  found.why_none = error == cudaErrorInsufficientDriver
                       ? "there is no NVIDIA driver, or one older than this crisp needs"
                       : str("there is no NVIDIA GPU that this program can use (",
                             error == cudaSuccess ? "none was found" : cudaGetErrorString(error), ")");
  return found;
}

void set_precision(const std::string& precision) {
  Cuda::set_math(precision == "tf32" ? Math::tf32 : Math::fp32);
}

Running running_on(const Computing& computing, std::shared_ptr<const Network> net) {
  if (computing.chosen() != "cuda") return running<float, Cpu>(std::move(net));
  if (computing.precision == "bf16") return running<bfloat16, Cuda>(std::move(net));
  return running<float, Cuda>(std::move(net));
}

void train_on(const TrainOptions& o, Network net, const TrainingData& data) {
  if (o.computing.chosen() != "cuda") return train<float, Cpu>(o, std::move(net), data);
  // Its own, as far as there are enough.
  Cuda::choose_device(int(processes().rank_here() % Index(gpus().lines.size())));
  if (o.computing.precision == "bf16") train<bfloat16, Cuda>(o, std::move(net), data);
  else train<float, Cuda>(o, std::move(net), data);
}

#else

Gpus gpus() { return {{}, "this crisp was built without CUDA"}; }
void set_precision(const std::string&) {}
Running running_on(const Computing&, std::shared_ptr<const Network> net) {
  return running<float, Cpu>(std::move(net));
}
void train_on(const TrainOptions& o, Network net, const TrainingData& data) {
  train<float, Cpu>(o, std::move(net), data);
}

#endif

std::string processor() {
  std::string name = "processor";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) {
      name = line.substr(std::min(line.size(), line.find(':') + 2));
      break;
    }
  const unsigned cores = std::thread::hardware_concurrency();
  const Processors usable = usable_processors();
  return str(name, ", ", cores, cores == 1 ? " logical core" : " logical cores", ", vectors of ",
             cpu::width<float>, " floats; ", usable.count, usable.count == 1 ? " thread" : " threads", " (",
             usable.reason, ")");
}

}  // namespace crisp::program
