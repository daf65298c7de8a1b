// Weights that are NaN or infinite are counted and named.
#include "crisp/io/weights.hpp"
#include "crisp/zoo/any_model.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

using Network = zoo::AnyModel<float, Cpu>;

// A network of which a weight has these values from the given place on.
Network with(const std::string& weight, std::size_t place, const std::vector<float>& values) {
  seed(1);
  Network net = Network::create({{"model", "srcnn"}, {"scale", "2"}});
  net.each_param([&](const std::string& name, auto& p) {
    if (name != weight) return;
    std::vector<float> all = p.value().to_host();
    std::copy(values.begin(), values.end(), all.begin() + std::ptrdiff_t(place));
    p.value().copy_(Tensor<float, Cpu>(p.shape(), all));
  });
  return net;
}

}  // namespace

TEST_CASE("finite: the first weight that is not, and how many values") {
  CHECK(io::not_finite(with("conv1.weight", 0, {1e38f})).values == 0);
  const io::NotFinite one = io::not_finite(with("conv3.bias", 0, {NAN}));
  CHECK(one.sentence() == "1 value is NaN or infinite: 1 of the 1 of 'conv3.bias'");
  const io::NotFinite three = io::not_finite(with("conv2.weight", 7, {INFINITY, -INFINITY, 0, -NAN}));
  CHECK(three.sentence() == "3 values are NaN or infinite: 3 of the 2048 of 'conv2.weight'");
  Network two = with("conv2.bias", 31, {NAN});
  two.each_param([](const std::string& name, auto& p) {
    if (name == "conv3.weight") p.value().fill(INFINITY);
  });
  CHECK(contains(io::not_finite(two).sentence(),
                 "801 values are NaN or infinite: 1 of the 32 of 'conv2.bias', the first of 2 such weights"));
}

TEST_CASE("finite: a file is refused by its name; a double that float cannot hold counts") {
  const TemporaryFolder folder;
  const auto path = folder.path / "w.safetensors";
  io::save(path, with("conv1.bias", 3, {NAN}));
  Network net = with("", 0, {});
  io::load(path, net);
  CHECK_ERROR(io::check_finite(path, net), "w.safetensors' are of no use: 1 value is NaN");
  io::SafeTensors file = io::read_safetensors(path);
  std::vector<double> wide(64, 0.5);
  wide[5] = 1e300;
  file.tensors.at("conv1.bias") = io::HostTensor::of({64}, wide);
  io::write_safetensors(path, file);
  io::load(path, net);
  CHECK_ERROR(io::check_finite(path, net), "1 of the 64 of 'conv1.bias'");
  io::save(path, with("", 0, {}));
  io::load(path, net);
  io::check_finite(path, net);
}
