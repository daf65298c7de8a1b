// PyTorch's own weights files: both forms, every layout that a state dict has, and everything else refused by
// name.
#include "crisp/io/pth.hpp"

#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/weights_file.hpp"
#include "io/pickles.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::io;
using namespace crisp::zoo;
using namespace crisp::test;
using namespace crisp::test::pickles;

namespace {

SafeTensors parsed(const std::string& file) { return parse_pth(file, "w.pth"); }

}  // namespace

TEST_CASE("pth: tensors of both forms, dense, turned, from the middle, empty, scalar, shared") {
  const std::string body =
      dictionary({{"dense", tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1})},
                  {"turned", tensor("FloatStorage", "0", 6, 0, {3, 2}, {1, 3})},
                  {"middle", tensor("FloatStorage", "0", 6, 2, {2}, {2})},
                  {"scalar", tensor("FloatStorage", "0", 6, 5, {}, {})},
                  {"empty", tensor("FloatStorage", "0", 6, 0, {0, 4}, {4, 1})},
                  {"parameter", name("torch._utils", "_rebuild_parameter") + "(" +
                                    tensor("FloatStorage", "0", 6, 0, {1}, {1}) + "\x88}tR"}});
  const std::string data = floats({0, 1, 2, 3, 4, 5});
  const std::string legacy = dictionary({{"dense", tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1}, true)},
                                         {"turned", tensor("FloatStorage", "0", 6, 0, {3, 2}, {1, 3}, true)},
                                         {"middle", tensor("FloatStorage", "0", 6, 2, {2}, {2}, true)},
                                         {"scalar", tensor("FloatStorage", "0", 6, 5, {}, {}, true)},
                                         {"empty", tensor("FloatStorage", "0", 6, 0, {0, 4}, {4, 1}, true)},
                                         {"parameter", tensor("FloatStorage", "0", 6, 0, {1}, {1}, true)}});
  for (const std::string& file : {zip_of(body, {{"0", data}}), legacy_of(legacy, {{"0", data}})}) {
    REQUIRE(is_pth(file));
    const SafeTensors s = parsed(file);
    REQUIRE(s.tensors.size() == 6);
    CHECK(s.tensors.at("dense").values<float>() == std::vector<float>{0, 1, 2, 3, 4, 5});
    CHECK(s.tensors.at("turned").values<float>() == std::vector<float>{0, 3, 1, 4, 2, 5});
    CHECK(s.tensors.at("turned").shape == Shape{3, 2});
    CHECK(s.tensors.at("middle").values<float>() == std::vector<float>{2, 4});
    CHECK(s.tensors.at("scalar").values<float>() == std::vector<float>{5});
    CHECK(s.tensors.at("scalar").shape.rank() == 0);
    CHECK(s.tensors.at("empty").shape == Shape{0, 4});
    CHECK(s.tensors.at("parameter").shape == Shape{1});
  }
}

TEST_CASE("pth: every type of element, and half precision exactly") {
  const auto value_of = [](const std::string& type, const std::string& bytes) {
    const Index elements = 1;
    return parsed(zip_of(dictionary({{"x", tensor(type, "0", elements, 0, {1}, {1})}}), {{"0", bytes}}))
        .tensors.at("x");
  };
  CHECK(value_of("DoubleStorage", little(0x3fb999999999999a, 8)).values<double>()[0] == 0.1);
  CHECK(value_of("HalfStorage", little(0x3555, 2)).values<double>()[0] == 0.333251953125);
  CHECK(value_of("BFloat16Storage", little(0x4049, 2)).values<float>()[0] == 3.140625f);
  CHECK_ERROR(value_of("LongStorage", little(7, 8)).values<float>(), "its elements are I64");
  CHECK_ERROR(value_of("ComplexFloatStorage", little(7, 8)),
              "it is of a ComplexFloatStorage, which crisp does not read");
  for (std::uint32_t h = 0; h < 65536;
       ++h) {  // the definition: (-1)^s 2^(e - 15) (1 + f / 1024), or for e = 0 2^-14 f / 1024
    const int e = int(h >> 10 & 31), f = int(h & 1023);
    const double plain =
        (h & 0x8000 ? -1.0 : 1.0) * (e == 0 ? std::ldexp(f, -24) : std::ldexp(1024 + f, e - 25));
    const float v = io::detail::from_half(std::uint16_t(h));
    if (e == 31) CHECK((f ? std::isnan(v) : std::isinf(v)));
    else if (double(v) != plain) FAIL("half ", h, " became ", v);
  }
}

TEST_CASE("half precision: the nearest half, of two equally near ones the even one") {
  using io::detail::from_half, io::detail::to_half;
  Index wrong = 0;
  for (std::uint16_t h = 0; h < 0x7c00; ++h) {
    const float here = from_half(h), next = h + 1 < 0x7c00 ? from_half(std::uint16_t(h + 1)) : 65536.0f;
    const float middle = (here + next) / 2;
    const std::uint16_t even = h % 2 ? std::uint16_t(h + 1) : h;
    wrong += to_half(here) != h || to_half(-here) != (h | 0x8000) || to_half(middle) != even;
    wrong += to_half(std::nextafter(middle, here)) != h || to_half(std::nextafter(middle, next)) != h + 1;
  }
  CHECK(wrong == 0);
  CHECK(std::isnan(from_half(to_half(std::nanf("")))));
  CHECK(to_half(-INFINITY) == 0xfc00);
  const io::HostTensor t = io::HostTensor::of<float>({3}, {0.1f, -2, 1e-9f});
  CHECK(t.to_half().dtype == "F16");
  CHECK(t.to_half().values<float>() == std::vector<float>{from_half(0x2e66), -2, 0});
  CHECK_ERROR(io::HostTensor::of<float>({1}, {65520}).to_half(), "65520 cannot be written in half precision");
}

TEST_CASE("pth: state dicts that lie deeper, and the names of others") {
  const std::string one = tensor("FloatStorage", "0", 1, 0, {1}, {1}),
                    two = tensor("FloatStorage", "1", 1, 0, {1}, {1});
  const std::map<std::string, std::string> data{{"0", floats({1})}, {"1", floats({2})}};
  const SafeTensors averaged = parsed(zip_of(
      dictionary({{"params", dictionary({{"w", one}})}, {"params_ema", dictionary({{"w", two}})}}), data));
  CHECK(averaged.tensors.at("w").values<float>()[0] == 2);
  CHECK(averaged.metadata.at("taken_from") == "params_ema");
  const SafeTensors deep =
      parsed(zip_of(dictionary({{"epoch", number(3)},
                                {"loss", "G" + little(0, 8)},
                                {"optimizer", dictionary({{"state", "]"}})},
                                {"state_dict", dictionary({{"module.a.w", one}, {"module.b.w", two}})}}),
                    data));
  CHECK(deep.tensors.count("module.a.w") == 1);
  CHECK(deep.tensors.count("module.b.w") == 1);
  const SafeTensors mine =
      parsed(zip_of(dictionary({{"mine", dictionary({{"best", dictionary({{"w", one}})}})}}), data));
  CHECK(mine.tensors.at("w").values<float>()[0] == 1);
  CHECK(mine.metadata.at("taken_from") == "mine.best");
  CHECK_ERROR(
      parsed(zip_of(dictionary({{"a", dictionary({{"w", one}})}, {"b", dictionary({{"w", two}})}}), data)),
      "it holds 2 dictionaries of tensors: a, b");
  CHECK_ERROR(parsed(zip_of("]", data)), "it holds no dictionary of tensors");
  // OrderedDict with its state set afterwards, as torch.save writes it; a dictionary that contains itself
  // does no harm.
  const std::string ordered = name("collections", "OrderedDict") + ")Rq\x01(" + text("w") + one + "u}" +
                              text("_metadata") + name("collections", "OrderedDict") + ")Rsb";
  CHECK(parsed(zip_of(ordered, data)).tensors.size() == 1);
  CHECK_ERROR(parsed(zip_of("}q\x01" + text("params") + "h\x01s", data)),
              "it holds no dictionary of tensors; its keys: params");
}

TEST_CASE("pth: whatever is more than tensors is refused by its name, and nothing is executed") {
  CHECK_ERROR(
      parsed(zip_of(name("os", "system") + "(" + text("touch harm") + "tR", {})),
      "it holds an object of Python's, os.system; crisp reads tensors in dictionaries and executes nothing");
  CHECK_ERROR(parsed(zip_of(name("models.srresnet", "Generator") + ")\x81", {})),
              "models.srresnet.Generator");
  CHECK_ERROR(parsed(zip_of(name("torch.nn.modules.conv", "Conv2d") + ")R", {})),
              "torch.save(model.state_dict()");
  CHECK_ERROR(parsed(zip_of("\x82\x01", {})), "has the opcode 130");
  CHECK_ERROR(parsed(zipped({{"a/data.pkl", pickle("}")}, {"a/constants.pkl", "x"}})),
              "a TorchScript program");
  CHECK_ERROR(parsed(zipped({{"a/readme.txt", "x"}})), "not one of torch.save");
  CHECK_ERROR(parsed(pickle("}")), "it is a pickle, but not one of torch.save");
  CHECK_ERROR(parsed(pickle("}") + pickle("}")), "not one of torch.save");
}

TEST_CASE("pth: tensors that do not fit their storage, and archives that claim too much") {
  const auto refused = [](const std::string& t, const std::string& part) {
    CHECK_ERROR(parsed(zip_of(dictionary({{"x", t}}), {{"0", floats({1, 2, 3, 4})}})), part);
  };
  refused(tensor("FloatStorage", "0", 4, 0, {5}, {1}), "does not fit its storage of 4");
  refused(tensor("FloatStorage", "0", 4, 0, {4, 4}, {0, 1}), "needs more elements than the 4");
  refused(tensor("FloatStorage", "0", 4, 3, {2}, {1}), "it ends at element 4 of a storage of 4");
  refused(tensor("FloatStorage", "0", 4, -1, {2}, {1}), "of a storage of 4");
  refused(tensor("FloatStorage", "0", 4, 0, {2}, {-1}), "does not fit");
  refused(tensor("FloatStorage", "0", 4, 0, {2, 2}, {1}), "2 axes and 1 strides");
  refused(tensor("FloatStorage", "0", 5, 0, {2}, {1}), "should hold 5 elements, but has 16 bytes");
  refused(tensor("FloatStorage", "7", 4, 0, {2}, {1}), "no 'weights/data/7'");
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 4000; ++i)
    many.push_back({"t" + std::to_string(i), tensor("FloatStorage", "0", 4096, 0, {4096}, {1})});
  CHECK_ERROR(parsed(zip_of(dictionary(many), {{"0", std::string(16384, '\0')}})), "more than a file of");
  CHECK_ERROR(parsed(zipped({{"w/data.pkl", pickle(dictionary({}))}}, false)),
              "it holds no dictionary of tensors; its keys: none");
  CHECK_ERROR(parsed(zipped({{"w/data.pkl", pickle(std::string(5000, 'N'))}}, true)),
              "compressed or damaged");
  CHECK_ERROR(parsed("PK\x03\x04 and nothing more"), "its zip archive cannot be read");
}

TEST_CASE(
    "pth: the files that others published equal their safetensors twins to the bit, through recognition "
    "too") {
  const auto folder = shared("weights");
  if (!folder) return;
  for (const char* model : {"dncnn_25_published", "srgan_generator_x4_trained"}) {
    const SafeTensors a = read_pth(*folder / model / "original.pth"),
                      b = read_safetensors(*folder / model / "weights.safetensors");
    Index compared = 0;
    for (const auto& [key, t] : b.tensors) {
      REQUIRE(a.tensors.count(key) == 1);
      CHECK(a.tensors.at(key).dtype == t.dtype);
      CHECK(a.tensors.at(key).shape == t.shape);
      CHECK(a.tensors.at(key).bytes == t.bytes);
      ++compared;
    }
    CHECK(compared > 10);
    CHECK(load_any<float, Cpu>(open_weights(*folder / model / "original.pth")).settings() ==
          load_any<float, Cpu>(open_weights(*folder / model / "weights.safetensors")).settings());
  }
}

TEST_CASE("weights: a mismatch names the first differences and the setting that explains them") {
  const TemporaryFolder folder;
  const auto small =
      zoo::AnyModel<float, Cpu>::create({{"model", "edsr-baseline"}, {"features", "8"}, {"blocks", "2"}});
  auto large =
      zoo::AnyModel<float, Cpu>::create({{"model", "edsr-baseline"}, {"features", "16"}, {"blocks", "2"}});
  save(folder.path / "small.safetensors", small);
  const std::string message = error_of([&] { zoo::load(folder.path / "small.safetensors", large); });
  CHECK(contains(message, "body.0.conv1.bias is (8,) in the file, (16,) in the network"));
  CHECK(contains(message, "and 10 more"));
  CHECK(contains(message, "the file looks like features 8 instead of 16"));
}

TEST_CASE("mutated: 10,000 damaged PyTorch files give a sentence or tensors, nothing else") {
  const std::string body = dictionary(
      {{"params", dictionary({{"module.a.weight", tensor("FloatStorage", "0", 12, 0, {2, 3}, {3, 1})},
                              {"module.b.weight", tensor("HalfStorage", "1", 8, 2, {3}, {2})}})}});
  const std::string plain = pickle(body), first(48, '\1'), second(16, '\2');
  const std::string zip = zipped({{"w/data.pkl", plain}, {"w/data/0", first}, {"w/data/1", second}});
  const std::string old = dictionary({{"a", tensor("FloatStorage", "0", 12, 0, {2, 3}, {3, 1}, true)},
                                      {"b", tensor("FloatStorage", "1", 4, 0, {2, 2}, {1, 2}, true)}});
  const std::string legacy = legacy_of(old, {{"0", first}, {"1", second}});
  Rng rng(11);
  Index read = 0, refused = 0;
  for (int trial = 0; trial < 10000; ++trial) {
    std::string inner = plain, file = trial % 3 == 1 ? zip : legacy;
    std::string& target = trial % 3 == 0 ? inner : file;
    for (int n = 1 + int(rng.uniform(0, 4)); n > 0 && !target.empty(); --n) {
      const std::size_t at = std::size_t(rng.uniform(0, double(target.size())));
      const int kind = int(rng.uniform(0, 6));
      if (kind == 0) target.erase(at, std::size_t(rng.uniform(0, 20)));
      else if (kind == 1)
        target.insert(at, target.substr(std::size_t(rng.uniform(0, double(target.size()))),
                                        std::size_t(rng.uniform(0, 30))));
      else if (kind == 2) target.insert(at, std::string(8, '\xff'));
      else target[at] = char(rng.uniform(0, 256));
    }
    if (trial % 3 == 0) file = zipped({{"w/data.pkl", inner}, {"w/data/0", first}, {"w/data/1", second}});
    try {
      for (const auto& [key, t] : parsed(file).tensors)
        REQUIRE(Index(t.bytes.size()) == t.shape.numel() * io::detail::type_width(t.dtype));
      ++read;
    } catch (const Error& e) {
      REQUIRE(contains(e.what(), "w.pth"));
      ++refused;
    }
  }
  CHECK(read > 200);
  CHECK(refused > 5000);
}
