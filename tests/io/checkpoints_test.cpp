// Checkpoints as people have them: names with something before them, dictionaries within dictionaries,
// settings and objects beside the weights, networks of others.
#include "crisp/io/weights.hpp"
#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/weights_file.hpp"
#include "io/pickles.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using namespace crisp::test::pickles;
using zoo::Settings;
using zoo::WeightsFile;

namespace {

const TemporaryFolder& folder() {
  static const TemporaryFolder one;
  return one;
}

WeightsFile opened(const std::string& bytes, const std::string& key = "") {
  const auto path = folder().path / "w.pth";
  write_file("test", path, bytes);
  return zoo::open_weights(path, key);
}
WeightsFile opened_body(const std::string& body, const std::string& key = "") {
  return opened(file_of(body), key);
}

io::SafeTensors edsr_tensors(const std::string& prefix = "") {
  io::SafeTensors file;
  for (const auto& [n, extents] : edsr_shapes()) {
    const Shape shape{std::span<const Index>(extents)};
    file.tensors[prefix + n] = io::HostTensor::of(shape, std::vector<float>(std::size_t(shape.numel())));
  }
  return file;
}
WeightsFile opened(const io::SafeTensors& file, const std::string& key = "") {
  const auto path = folder().path / "w.safetensors";
  io::write_safetensors(path, file);
  return zoo::open_weights(path, key);
}

void is_edsr(const WeightsFile& file) {
  CHECK(file.settings.at("model") == "edsr-baseline");
  CHECK(file.settings.at("features") == "4");
  CHECK(file.content.tensors.size() == 12);
  CHECK(file.content.tensors.count("conv_first.weight") == 1);
}

// A file that holds one tensor of each name, of the shape (2, 2, 3, 3).
io::SafeTensors named(const std::vector<std::string>& names) {
  io::SafeTensors file;
  for (const std::string& n : names)
    file.tensors[n] = io::HostTensor::of({2, 2, 3, 3}, std::vector<float>(36));
  return file;
}

// A million bytes of settings would be a long file; here they are a few of each kind.
std::string numpy_scalar() {  // numpy.core.multiarray.scalar(dtype('f8', False, True), b'...')
  const std::string bytes = called("_codecs", "encode", text("\x9a\x99") + text("latin1"));
  return called("numpy.core.multiarray", "scalar",
                called("numpy", "dtype", text("f8") + "\x89\x88") + "(" + number(3) + text("<") + "NNN" +
                    "J\xff\xff\xff\xffJ\xff\xff\xff\xff" + number(0) + "tb" + bytes);
}
std::string numpy_array() {
  return called("numpy.core.multiarray", "_reconstruct",
                name("numpy", "ndarray") + number(0) + "\x85" + std::string("C\1b")) +
         "(" + number(1) + tuple({2}) + "N\x89" + std::string("C\4abcd") + "tb";
}

}  // namespace

TEST_CASE("checkpoints: what all names begin with is taken off, in both forms of file") {
  for (const char* prefix : {"module.", "_orig_mod.", "model.", "net_g.", "generator.", "module._orig_mod.",
                             "a.b.c.d.e.", "any word.", "head.", "body.", "0."}) {
    CAPTURE(prefix);
    is_edsr(opened_body(edsr(prefix)));
    is_edsr(opened(edsr_tensors(prefix)));
    is_edsr(opened_body(dictionary({{"state_dict", edsr(prefix)}})));
  }
  std::string many;
  for (int i = 0; i < 40; ++i) many += "a.";
  CHECK_ERROR(opened_body(edsr(many)), "fit none");    // nobody has so many
  CHECK_ERROR(opened_body(edsr("net_")), "fit none");  // no part of its own
}

TEST_CASE("checkpoints: a beginning that belongs to a network's own names stays") {
  // All names of DnCNN begin with "model.".
  for (const char* prefix : {"", "module.", "model.", "net.model."}) {
    CAPTURE(prefix);
    std::vector<std::pair<std::string, std::string>> items;
    for (const int layer : {0, 2, 4})
      items.push_back({str(prefix, "model.", layer, ".weight"), zeros({1, 1, 3, 3})});
    const WeightsFile file = opened_body(dictionary(items));
    CHECK(file.settings.at("model") == "dncnn");
    CHECK(file.content.tensors.count("model.2.weight") == 1);
  }
  // AveragedModel counts beside the network; nothing else may lie there unasked.
  io::SafeTensors averaged = edsr_tensors("module.");
  averaged.tensors["n_averaged"] = {"I64", {}, std::string(8, '\1')};
  is_edsr(opened(averaged));
  io::SafeTensors two = edsr_tensors("net_g.");
  two.tensors["net_d.conv.weight"] = io::HostTensor::of({1, 1, 1, 1}, std::vector<float>(1));
  CHECK_ERROR(opened(two), "those that crisp can read: net_g (edsr-baseline)");
  CHECK_ERROR(opened(two), "--key net_g");
  is_edsr(opened(two, "net_g"));
  CHECK(opened(two, "net_g").content.metadata.at("taken_from") == "net_g");
  CHECK_ERROR(opened(two, "net_d"), "fit none");
  CHECK_ERROR(opened(two, "netg"), "no tensors under the key 'netg'; it has: tensors without a key");
}

TEST_CASE("checkpoints: io::load takes the beginning off too, where the network has it not") {
  const auto path = folder().path / "prefixed.safetensors";
  auto net =
      zoo::AnyModel<float, Cpu>::create({{"model", "edsr-baseline"}, {"features", "4"}, {"blocks", "1"}});
  io::write_safetensors(path, edsr_tensors("module.net."));
  io::load(path, net);
  io::write_safetensors(path, edsr_tensors());
  io::load(path, net);
  io::write_safetensors(path, named({"module.x", "module.y"}));
  CHECK_ERROR(io::load(path, net), "and 9 more");
}

TEST_CASE("checkpoints: the dictionary that fits is taken, under whatever key") {
  const std::string other = dictionary({{"conv.weight", zeros({1, 1, 1, 1})}});
  for (const char* key : {"net_g", "state_dict_G", "params_ema", "weights of mine", "ema"}) {
    CAPTURE(key);
    const WeightsFile file = opened_body(dictionary({{"net_d", other}, {key, edsr()}, {"z", other}}));
    is_edsr(file);
    CHECK(file.content.metadata.at("taken_from") == key);
  }
  is_edsr(opened_body(dictionary({{"nets", dictionary({{"d", other}, {"g", edsr("module.")}})}})));
  is_edsr(opened_body("(" + edsr() + dictionary({{"lr", number(1)}}) + "t"));  // a tuple of the two
  const std::string discriminator = dictionary({{"model.0.weight", zeros({4, 3, 4, 4})},
                                                {"model.2.weight", zeros({8, 4, 4, 4})},
                                                {"model.5.weight", zeros({1, 8, 4, 4})}});
  is_edsr(opened_body(dictionary({{"d", discriminator}, {"g", edsr()}})));
  const std::string state = dictionary({{"conv_first.weight", zeros({4, 3, 3, 3})}});
  is_edsr(opened_body(dictionary({{"optimizer", dictionary({{"state", state}})}, {"state_dict", edsr()}})));
}

TEST_CASE("checkpoints: where several fit, the message lists them, and a key chooses") {
  const auto both = [](const char* a, const char* b) { return dictionary({{a, edsr()}, {b, edsr("m.")}}); };
  CHECK(opened_body(both("params", "params_ema")).content.metadata.at("taken_from") == "params_ema");
  const std::string two = both("net_a", "net_b");
  CHECK_ERROR(opened_body(two),
              "it holds the weights of 2 networks: net_a (edsr-baseline), net_b (edsr-baseline)");
  CHECK_ERROR(opened_body(two), "hint: say which by --key, such as --key net_a");
  is_edsr(opened_body(two, "net_b"));
  CHECK(opened_body(two, "net_b").content.metadata.at("taken_from") == "net_b");
  CHECK_ERROR(opened_body(two, "net_c"), "no tensors under the key 'net_c'; it has: net_a, net_b");
  const std::string deep = dictionary({{"x", both("net_a", "net_b")}, {"y", both("params", "params_ema")}});
  CHECK_ERROR(opened_body(deep), "the weights of 4 networks: x.net_a");
  is_edsr(opened_body(deep, "y.params"));
  CHECK(opened_body(deep, "y").content.metadata.at("taken_from") == "y.params_ema");
  CHECK_ERROR(opened_body(deep, "x"), "the weights of 2 networks: x.net_a");
  is_edsr(opened_body(
      dictionary({{"x", dictionary({{"a.conv.weight", zeros({1, 1, 1, 1})}, {"b.w", zeros({1})}})},
                  {"z", edsr("g.")}}),
      "z.g"));
}

TEST_CASE("checkpoints: values beside the weights are passed over, and nothing is executed") {
  const std::vector<std::pair<std::string, std::string>> beside{
      {"numpy scalar", numpy_scalar()},
      {"numpy array", numpy_array()},
      {"Namespace", name("argparse", "Namespace") + ")\x81" + dictionary({{"lr", number(1)}}) + "b"},
      {"OrderedDict", called("collections", "OrderedDict") + "(" + text("a") + number(1) + "u"},
      {"defaultdict", called("collections", "defaultdict", name("builtins", "list")) + text("a") + "]s"},
      {"datetime", called("datetime", "datetime", std::string("C\2ab"))},
      {"path", called("pathlib", "PosixPath", text("/") + text("tmp"))},
      {"set", "\x8f(" + number(1) + number(2) + "\x90"},
      {"frozen set", "(" + number(1) + "\x91"},
      {"a class", name("models.edsr", "EDSR")},
      {"an instance with arguments", "(" + name("models.edsr", "EDSR") + number(2) + "o"},
      {"an instance by keywords", name("a", "B") + ")}\x92"},
      {"an instance of old", "(" + number(1) + "imodels\nEDSR\n"},
      {"a method of an instance", called("builtins", "getattr", name("a", "B") + text("c")) + ")R"},
      {"an enumeration", called("torch.optim", "Mode", number(1))},
      {"os.system", called("os", "system", text("touch harm"))},
      {"bytes",
       "B" + little(3, 4) + "abc" + "0" + "\x8e" + little(3, 8) + "abc" + "0\x96" + little(1, 8) + "a"},
      {"numbers in lines", "I12\n0I01\n0L99L\n0F1.5\n0V\\u00e9\n0S'text'\n"},
      {"a long number", "\x8b" + little(9, 4) + "123456789"},
      {"a sparse tensor",
       called("torch._utils", "_rebuild_sparse_tensor", name("torch", "sparse_coo") + ")")},
      {"a device", called("torch", "device", text("cuda"))},
      {"twice the same", "](" + number(1) + "2e"}};
  std::vector<std::pair<std::string, std::string>> all{{"state_dict", edsr()}};
  for (const auto& one : beside) {
    const std::string &what = one.first, &pickled = one.second;
    CAPTURE(what);
    is_edsr(opened_body(dictionary({{"beside", pickled}, {"state_dict", edsr()}})));
    is_edsr(opened_body(dictionary({{"beside", "](" + pickled + number(1) + "e"}, {"state_dict", edsr()}})));
    all.emplace_back(what, pickled);
  }
  is_edsr(opened_body(dictionary(all)));
  CHECK(!std::filesystem::exists("harm"));
}

TEST_CASE("checkpoints: tensors of derived classes and parameters, among the weights themselves") {
  const std::string plain = zeros({4});
  const std::string arguments = plain.substr(plain.find('(') + 1, plain.rfind('t') - plain.find('(') - 1);
  const std::string derived =
      called("torch._tensor", "_rebuild_from_type_v2",
             name("torch._utils", "_rebuild_tensor_v2") + name("a", "Tensor") + "(" + arguments + "t}");
  const std::string parameter = called("torch._utils", "_rebuild_parameter_with_state", plain + "\x89}}");
  for (const std::string& one : {derived, parameter}) {
    const io::SafeTensors file = io::parse_pth(file_of(dictionary({{"w", one}})), "w.pth");
    CHECK(file.tensors.at("w").shape == Shape{4});
  }
  // One that rebuilds itself does no harm.
  const std::string circle = name("torch._tensor", "_rebuild_from_type_v2");
  CHECK_ERROR(io::parse_pth(file_of(circle + "(" + circle + "N)tR"), "w.pth"),
              "it holds an object of Python's");
}

TEST_CASE("checkpoints: a pickle takes memory in proportion to its bytes") {
  std::string pairs = "](";  // one list of pairs, of which dictionaries are made again and again
  for (int i = 0; i < 20000; ++i) pairs += number(i) + number(i) + "\x86";
  std::string many = pairs + "eq\x01";
  for (int i = 0; i < 200; ++i) many += "0" + name("collections", "OrderedDict") + "(h\x01tR";
  CHECK_ERROR(opened_body(many), "more than a million values");
  std::string sizes = "](";
  for (int i = 0; i < 100; ++i) sizes += number(1);
  CHECK_ERROR(opened_body(called("torch._utils", "_rebuild_tensor",
                                 "(" + text("storage") + name("torch", "FloatStorage") + text("0") +
                                     text("cpu") + number(1) + "tQ" + number(0) + sizes + "e]")),
              "a tensor of 100 axes");
  std::string deep;  // lists within lists
  for (int i = 0; i < 100000; ++i) deep += "]";
  for (int i = 1; i < 100000; ++i) deep += "a";
  is_edsr(opened_body(dictionary({{"deep", deep}, {"w", edsr()}})));
  std::string losses = "](";  // two million numbers of a log
  for (int i = 0; i < 2000000; ++i) losses += i % 2 ? "K\1" : "N";
  is_edsr(opened_body(dictionary({{"losses", losses + "e"}, {"w", edsr()}})));
}

TEST_CASE("checkpoints: what holds no tensors says what it holds") {
  CHECK_ERROR(opened_body(name("models.edsr", "EDSR") + ")\x81}b"),
              "it holds an object of Python's, models.edsr.EDSR; crisp reads tensors in dictionaries");
  CHECK_ERROR(opened_body(dictionary({{"model", name("models", "EDSR") + ")\x81}b"}, {"epoch", number(2)}})),
              "its keys: model (an object of Python's, models.EDSR), epoch");
  CHECK_ERROR(opened_body(dictionary({{"w", numpy_array()}})),
              "w (an object of Python's, numpy.core.multiarray");
  CHECK_ERROR(opened_body(number(3)), "it holds no dictionary of tensors");
}

TEST_CASE("checkpoints: metadata count where crisp wrote them") {
  const Settings strange{{"model", "unknown thing"}, {"scale", "999"}, {"format", "pt"}};
  io::SafeTensors file = edsr_tensors();
  for (const char* producer : {"", "someone", "Crisp"}) {
    file.metadata = strange;
    if (*producer) file.metadata["producer"] = producer;
    is_edsr(opened(file));
    CHECK(opened(file).settings.at("scale") == "2");
    CHECK(opened(file).content.metadata.at("model") == "unknown thing");  // crisp info shows them
  }
  file.metadata = {{"model", "espcn"}, {"producer", "crisp"}};
  CHECK(opened(file).settings.at("model") == "espcn");
  file.metadata = {{"format", "pt"}, {"producer", "crisp"}};  // io::save without any
  is_edsr(opened(file));
}

TEST_CASE("checkpoints: a file of a few bytes does not make a network of gigabytes") {
  for (const auto& [name, value] : {std::pair{"features", "8000"}, {"features", "3000"}}) {
    io::SafeTensors file = edsr_tensors();
    file.metadata = opened(file).settings;
    file.metadata["producer"] = "crisp";
    file.metadata[name] = value;
    const Index before = Cpu::memory_use().now;
    Cpu::reset_peak();
    CHECK_ERROR((zoo::load_any<float, Cpu>(opened(file))), "more were asked for than may be taken");
    CHECK(Cpu::memory_use().peak - before < Index(100) << 20);
  }
  CHECK(crisp::detail::allowance < 0);
}

TEST_CASE("checkpoints: networks that crisp lacks are named, with anything before their names") {
  const std::vector<std::pair<const char*, std::vector<std::string>>> networks{
      {"RRDBNet", {"conv_first.weight", "RRDB_trunk.0.RDB1.conv1.weight", "upconv1.weight", "HRconv.weight"}},
      {"RRDBNet", {"model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight", "model.3.weight"}},
      {"Real-ESRGAN", {"conv_first.weight", "body.0.rdb1.conv1.weight", "conv_up1.weight"}},
      {"RCAN", {"head.0.weight", "body.0.body.0.body.0.weight", "body.0.body.0.body.3.conv_du.0.weight"}},
      {"RCAN", {"conv_first.weight", "body.0.residual_group.0.rcab.0.weight"}},
      {"SwinIR with three",
       {"conv_first.weight", "layers.0.residual_group.blocks.0.attn.qkv.weight", "layers.0.conv.2.weight"}},
      {"HAT",
       {"layers.0.residual_group.blocks.0.attn.qkv.weight",
        "layers.0.residual_group.overlap_attn.qkv.weight"}},
      {"DAT", {"before_RG.1.weight", "layers.0.blocks.0.attn.channel_interaction.1.weight"}},
      {"OmniSR", {"residual_layer.0.residual_layer.0.layer.0.fn.0.weight", "input.weight"}},
      {"SPAN", {"block_1.c1_r.eval_conv.weight", "conv_cat.weight"}},
      {"DRCT", {"layers.0.swin1.attn.qkv.weight", "layers.0.adjust1.weight"}},
      {"IMDN", {"IMDB1.c1.weight", "fea_conv.weight"}}};
  for (const auto& network : networks) {
    const std::string what = network.first;
    const std::vector<std::string>& names = network.second;
    CAPTURE(what);
    for (const char* prefix : {"", "module.", "net_g.module."}) {
      std::vector<std::string> prefixed;
      for (const std::string& n : names) prefixed.push_back(prefix + n);
      const std::string message = error_of([&] { opened(named(prefixed)); });
      CHECK(contains(message, str("these are the weights of another network, ")));
      CHECK(contains(message, what));
      CHECK(contains(message, "crisp info --models"));
    }
  }
  io::SafeTensors compact = named({"body.0.weight", "body.2.weight"});
  compact.tensors["body.1.weight"] = io::HostTensor::of({2}, std::vector<float>(2));
  CHECK_ERROR(opened(compact), "SRVGGNetCompact");
  CHECK_ERROR(opened(named({"conv_first.weight", "upconv1.weight"})), "fit none");  // no blocks
}

TEST_CASE("checkpoints: none of crisp's own networks is taken for another's") {
  for (const std::string& model : zoo::model_names()) {
    CAPTURE(model);
    Settings small{{"model", model}, {"features", "8"}, {"blocks", "1"}, {"embed", "8"}, {"heads", "2"}};
    const auto net = zoo::AnyModel<float, Cpu>::create(small);
    zoo::Shapes shapes;
    net.each_param(
        [&](const std::string& n, const auto& p) { shapes.emplace(n, io::detail::torch_shape(p.shape())); });
    CHECK(zoo::network_elsewhere(shapes) == "");
  }
}

TEST_CASE("mutated: 2,000 damaged checkpoints with objects in them give a sentence or a network") {
  const std::string body =
      dictionary({{"args", name("argparse", "Namespace") + ")\x81}b"},
                  {"best", numpy_scalar()},
                  {"nets", dictionary({{"d", dictionary({{"w", zeros({1})}})}, {"g", edsr("module.")}})}});
  Rng rng(12);
  Index read = 0, refused = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    std::string inner = body;
    for (int n = 1 + int(rng.uniform(0, 3)); n > 0; --n) {
      const std::size_t at = std::size_t(rng.uniform(0, double(inner.size())));
      if (rng.uniform(0, 3) < 1) inner.erase(at, std::size_t(rng.uniform(0, 20)));
      else inner[at] = char(rng.uniform(0, 256));
    }
    try {
      opened_body(inner);
      ++read;
    } catch (const Error& e) {
      REQUIRE(contains(e.what(), "w.pth"));
      ++refused;
    }
  }
  CHECK(read > 50);
  CHECK(refused > 500);
}
