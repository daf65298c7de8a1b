// Runs one of the workloads: timed for bench/compare, for its peak memory, or twice for a profiler. See usage
// below.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "workloads.hpp"

using namespace bench;

static constexpr const char* usage =
    "usage: workloads --list                the names\n"
    "       workloads --version             the compiler, and for what processor it compiled\n"
    "       workloads --serve NAME          for each line of the input one repetition, and its milliseconds\n"
    "       workloads --memory NAME         the peak memory of a few repetitions, in MB above the start of "
    "the program\n"
    "       workloads --once NAME           a few repetitions, for a profiler\n"
    "options: --threads N                   default: OMP_NUM_THREADS, or all\n"
    "         --precision fp32|tf32|bf16    what the GPU multiplies by, and for bf16 stores "
    "(workloads_cuda)\n"
    "         --graph                       a training step as one CUDA graph; on the CPU the same as "
    "without\n"
    "         --checkpointed                training of SwinIR with less memory, for more time\n";

// The largest resident memory so far, as Linux counts it.
static double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  throw crisp::Error(
      "workloads: there is no VmHWM in /proc/self/status; peak memory is measured on Linux alone");
}

static std::string precision = "fp32";

static std::vector<Entry> all(const Options& o = {}) {
  if constexpr (!std::is_same_v<Device, crisp::Cpu>)
    if (precision == "bf16") return workloads<crisp::bfloat16>(o);
  return workloads<float>(o);
}

static Workload build(const std::string& name, const Options& o) {
  std::string names;
  for (const Entry& e : all(o)) {
    if (e.name == name) return e.build();
    names += "\n  " + e.name;
  }
  throw crisp::Error("workloads: there is no workload '" + name + "'; there are" + names);
}

static std::string version() {
  std::string text =
      "crisp, "
#if defined(__CUDACC__)
      "nvcc " +
      std::to_string(__CUDACC_VER_MAJOR__) + "." + std::to_string(__CUDACC_VER_MINOR__) +
      " and "
#endif
#if defined(__clang__)
      "clang++ " __clang_version__;
#else
      "g++ " __VERSION__;
#endif
#if !defined(__OPTIMIZE__)
  text += ", not optimised";
#endif
#if defined(__AVX512F__)
  text += ", AVX-512";
#elif defined(__AVX2__) && defined(__FMA__)
  text += ", AVX2";
#endif
#if defined(CRISP_BENCH_FLAGS)
  text += ", flags " CRISP_BENCH_FLAGS;
#endif
  return text;
}

// What --memory tells: all of the program's memory on the CPU, that of the tensors on the GPU.
static double used_mb() {
  if constexpr (std::is_same_v<Device, crisp::Cpu>) return peak_mb();
  else return double(Device::memory_use().peak) / 1048576;
}

static void serve(const Workload& w) {
  for (int i = 0; i < w.warm_up; ++i) w.run();
  std::printf("ready %ld %s\n", long(w.parameters), crisp::str(w.input).c_str());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    w.run();
    const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
    std::printf("%.4f\n", passed.count());
    std::fflush(stdout);
  }
}

static void set_precision(const std::string& name) {
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
  crisp::check(name == "fp32" || name == "tf32" || name == "bf16",
               "workloads: --precision is fp32, tf32 or bf16, not '", name, "'");
  Device::set_math(name == "tf32" ? crisp::Math::tf32 : crisp::Math::fp32);
  precision = name;
#else
  throw crisp::Error("workloads: --precision " + name + " is for the GPU; workloads_cuda computes there");
#endif
}

static int run(const std::vector<std::string>& arguments) {
  const double before = std::is_same_v<Device, crisp::Cpu> ? peak_mb() : 0;
  std::string mode, name;
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& a = arguments[i];
    const auto value = [&] {
      crisp::check(i + 1 < arguments.size(), "workloads: a value is missing after ", a, "\n", usage);
      return arguments[++i];
    };
    if (a == "--threads") {
      const std::string count = value();
      crisp::check(
          !count.empty() && count.size() < 5 && count.find_first_not_of("0123456789") == std::string::npos,
          "workloads: --threads needs a number, not '", count, "'");
      crisp::set_threads(std::stoi(count));
    } else if (a == "--precision") {
      set_precision(value());
    } else if (a == "--checkpointed") {
      options.checkpointed = true;
    } else if (a == "--graph") {
      options.graph = true;
    } else {
      crisp::check(mode.empty(),
                   "workloads: one of --list, --version, --serve, --memory and --once is enough, and '", a,
                   "' is too much\n", usage);
      mode = a;
      if (a == "--serve" || a == "--memory" || a == "--once") name = value();
    }
  }
  if (mode == "--list") {
    for (const Entry& e : all()) std::puts(e.name.c_str());
  } else if (mode == "--version") {
    std::puts(version().c_str());
  } else if (mode == "--serve") {
    serve(build(name, options));
  } else if (mode == "--memory" || mode == "--once") {
    const Workload w = build(name, options);
    for (int i = 0; i < w.warm_up; ++i) w.run();
    if (mode == "--memory") std::printf("%.1f MB\n", used_mb() - before);
  } else {
    throw crisp::Error(mode.empty() ? usage : "workloads: unknown option '" + mode + "'\n" + usage);
  }
  return 0;
}

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
