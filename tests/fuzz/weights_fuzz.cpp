// Any bytes as a file of weights: safetensors, both forms of PyTorch's, and which network they are.
#include "crisp/zoo/weights_file.hpp"

using namespace crisp;

template <class F>
static void attempt(const F& f) {
  try {
    f();
  } catch (const Error&) {
  }
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto choose = [](const std::vector<io::StateDict>& all) {
    return zoo::find_weights("fuzz: ", all).dictionary;
  };
  attempt([&] {
    if (io::is_pth(bytes)) io::parse_pth(bytes, "fuzz", choose);
  });
  attempt([&] {
    io::StateDict all;
    for (const auto& [name, tensor] : io::parse_safetensors(bytes, "fuzz").tensors)
      all.shapes.emplace(name, tensor.shape);
    zoo::find_weights("fuzz: ", {all});
  });
  return 0;
}
