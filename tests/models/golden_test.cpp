// Networks against the outputs of their reference implementations, by the names of their checkpoints; and
// their parameter counts.
#include "crisp/models/srgan.hpp"
#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/weights_file.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using crisp::test::Device;
using crisp::test::error_of;
using Any = zoo::AnyModel<float, Device>;

namespace {

// (N, C, H, W) of the file as (N, H, W, C).
Var<float, Device> image(const io::HostTensor& t) {
  const Var<float, Device> x = Tensor<float, Device>(t.shape, t.values<float>());
  return permute(x, {0, 2, 3, 1});
}

// The largest error of the network in `folder`, relative to the largest value, over all pairs of input and
// output. The scale is for files that do not say theirs.
double golden_error(const std::filesystem::path& folder, Index scale = 0) {
  zoo::WeightsFile file = zoo::open_weights(folder / "weights.safetensors");
  if (scale > 0) file.settings["scale"] = std::to_string(scale);
  const Any net = zoo::load_any<float, Device>(file);
  const io::SafeTensors golden = io::read_safetensors(folder / "golden.safetensors");
  double worst = 0;
  for (const auto& [name, tensor] : golden.tensors) {
    if (!name.starts_with("input")) continue;
    const NoGrad guard;
    const Var<float, Device> y = net(image(tensor)),
                             expected = image(golden.tensors.at("output" + name.substr(5)));
    const double error = test::relative_error(y.value().to_host(), expected.value().to_host());
    INFO(folder.filename().string() << " " << name << ": relative error " << error);
    CHECK(error <= 1e-5);
    worst = std::max(worst, error);
  }
  return worst;
}

}  // namespace

TEST_CASE("every network has the published number of parameters") {
  struct Row {
    zoo::Settings settings;
    Index trained, untrained;
  };
  const Row rows[] = {
      {{{"model", "srcnn"}}, 8129, 0},
      {{{"model", "srcnn-bn"}}, 20483 - 192, 192},
      {{{"model", "srresnet-lecture"}, {"scale", "2"}}, 449731 - 1536, 1536},
      {{{"model", "srresnet-lite"}}, 39875 - 128, 128},
      {{{"model", "srautoencoder"}}, 1848067, 0},
      {{{"model", "srresnet"}, {"scale", "4"}}, 1549462, 33 * 128},
      {{{"model", "srgan"}, {"scale", "4"}}, 1549462, 33 * 128},
      {{{"model", "msrresnet"}, {"scale", "4"}}, 1517571, 0},
      {{{"model", "edsr-small"}, {"scale", "2"}}, 103204, 0},
      {{{"model", "edsr-small"}, {"scale", "4"}, {"channels", "3"}}, 116496, 0},
      {{{"model", "edsr-baseline"}, {"scale", "2"}}, 1369859, 0},
      {{{"model", "edsr-baseline"}, {"scale", "3"}}, 1554499, 0},
      {{{"model", "edsr-baseline"}, {"scale", "4"}}, 1517571, 0},
      {{{"model", "edsr"}, {"scale", "2"}}, 40729603, 0},
      {{{"model", "edsr"}, {"scale", "3"}}, 43680003, 0},
      {{{"model", "edsr"}, {"scale", "4"}}, 43089923, 0},
      {{{"model", "swinir-light"}, {"scale", "2"}}, 910152, 0},
      {{{"model", "swinir-light"}, {"scale", "3"}}, 918267, 0},
      {{{"model", "swinir-light"}, {"scale", "4"}}, 929628, 0},
      {{{"model", "swinir"}, {"scale", "2"}}, 11752487, 0},
      {{{"model", "swinir"}, {"scale", "3"}}, 11937127, 0},
      {{{"model", "swinir"}, {"scale", "4"}}, 11900199, 0},
      {{{"model", "arcnn"}}, 106561, 0},
      {{{"model", "vdsr"}}, 665921, 0},
      {{{"model", "dncnn"}, {"batch_norm", "no"}}, 555137, 0},
      {{{"model", "srcnn"}, {"variant", "9-3-5"}}, 24513, 0},
      {{{"model", "srcnn"}, {"variant", "9-5-5"}}, 57281, 0},
      {{{"model", "fsrcnn"}, {"published", "yes"}}, 12644, 0},
      {{{"model", "fsrcnn"}, {"published", "yes"}, {"d", "32"}, {"s", "5"}, {"m", "1"}}, 4016, 0},
      {{{"model", "lapsrn"}, {"scale", "2"}}, 407441, 0},
      {{{"model", "lapsrn"}, {"scale", "4"}}, 814242, 0},
      {{{"model", "ms-lapsrn"}, {"scale", "2"}}, 222801, 0},
      {{{"model", "ms-lapsrn"}, {"scale", "4"}}, 222801, 0},
      {{{"model", "ms-lapsrn"}, {"scale", "8"}}, 222801, 0},
  };
  for (const Row& row : rows) {
    const Any net = Any::create(row.settings);
    INFO(net.name() << " x" << net.scale());
    CHECK(nn::parameter_count(net).trained == row.trained);
    CHECK(nn::parameter_count(net).untrained == row.untrained);
  }
  CHECK(nn::parameter_count(models::Discriminator<float, Device>()).trained == 23565505);
}

TEST_CASE("golden outputs of the reference implementations, within 1e-5") {
  const auto weights = test::shared("weights");
  if (!weights) return;
  for (const char* name : {"edsr_baseline_x2_random", "msrresnet_x4_random", "msrresnet_nf36_x4_trained",
                           "srgan_generator_x4_trained", "vdsr_published", "dncnn_25_published",
                           "edsr_small_x2_trained", "swinir_light_x4_random", "swinir_light_x2_random"})
    CHECK_MESSAGE(golden_error(*weights / name) <= 1e-5, name);
  for (const char* name :
       {"srcnn_915_x3_published", "srcnn_915_x4_published", "srcnn_935_x3_published",
        "srcnn_955_x2_published", "srcnn_955_x3_published", "lapsrn_x2_published", "lapsrn_x4_published"})
    CHECK_MESSAGE(golden_error(*weights / name) <= 1e-5, name);
  const std::pair<const char*, Index> without_scale[] = {{"fsrcnn_x3_published", 3},
                                                         {"fsrcnn_x4_published", 4},
                                                         {"fsrcnn_s_x2_published", 2},
                                                         {"fsrcnn_s_x3_published", 3}};
  for (const auto& one : without_scale)
    CHECK_MESSAGE(golden_error(*weights / one.first, one.second) <= 1e-5, one.first);
}
