// Safetensors and checkpoints: what goes out comes back, nothing is taken partly, nothing hostile does harm.
#include "crisp/models/srcnn.hpp"
#include "crisp/train/state.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::train;
using namespace crisp::io;
using namespace crisp::test;

// A file with the given header, and `size` bytes of data.
static std::string file_with(const std::string& header, std::size_t size) {
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) file[i] = char(std::uint64_t(header.size()) >> (8 * i) & 0xff);
  return file + header + std::string(size, '\1');
}

TEST_CASE("tensors and text come back to the bit") {
  const TemporaryFolder folder;
  SafeTensors a;
  a.metadata = {{"a", "plain"}, {"quote\"\\", "line\nbreak\ttab é 漢 \x01"}};
  a.tensors["x"] = HostTensor::of<float>({2, 3}, {1, -2, 3.5f, 1e-30f, 1e30f, NAN});
  a.tensors["scalar"] = HostTensor::of<double>({}, {0.1});
  a.tensors["empty"] = HostTensor::of<float>({0, 4}, {});
  write_safetensors(folder.path / "a.safetensors", a);
  const SafeTensors b = read_safetensors(folder.path / "a.safetensors");
  CHECK(b.metadata == a.metadata);
  CHECK(b.tensors.size() == 3);
  for (const auto& [name, t] : a.tensors) {
    CHECK(b.tensors.at(name).bytes == t.bytes);
    CHECK(b.tensors.at(name).shape == t.shape);
  }
  CHECK(b.tensors.at("scalar").values<float>()[0] == 0.1f);
  CHECK_FALSE(std::filesystem::exists(folder.path / "a.safetensors.part"));
  write_file("test", folder.path / "u.safetensors",
             file_with(R"({ "__metadata__" : {"k":"\u00e9\ud83d\ude00\/"} } )", 0));
  CHECK(read_safetensors(folder.path / "u.safetensors").metadata.at("k") == "é😀/");
}

TEST_CASE("hostile and damaged headers give a sentence") {
  const TemporaryFolder folder;
  const auto path = folder.path / "x.safetensors";
  const auto refused = [&](const std::string& bytes, const std::string& part) {
    write_file("test", path, bytes);
    CHECK_ERROR(read_safetensors(path), part);
  };
  refused("\1\2\3", "it has 3 bytes");
  refused("abc", "is no weights file: it is a text that begins with 'abc'");
  refused(std::string(8, '\xff'), "its header should have 18446744073709551615 bytes, but only 0 follow");
  refused(file_with("", 0), "an object was expected");
  refused(file_with("[]", 0), "an object was expected");
  refused(file_with("{", 0), "text in quotes was expected");
  refused(file_with("{}x", 0), "the end was expected");
  refused(file_with(std::string(100000, '{'), 0), "text in quotes was expected");
  refused(file_with(R"({"a":)" + std::string(100000, '['), 0), "an object was expected");
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets,
                        const std::string& name = "a") {
    return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
           offsets + "}";
  };
  refused(file_with("{" + entry("F8_E4M3", "[4]", "[0,4]") + "}", 4), "its dtype is F8_E4M3");
  refused(file_with("{" + entry("F32", "[2]", "[0,16]") + "}", 8), "do not lie within the 8 bytes");
  refused(file_with("{" + entry("F32", "[2]", "[8,0]") + "}", 8), "do not lie within");
  refused(file_with("{" + entry("F32", "[3]", "[0,8]") + "}", 8),
          "its shape (3,) needs 3 elements of 4 bytes, but it has 8 bytes");
  refused(file_with("{" + entry("F32", "[-1]", "[0,8]") + "}", 8),
          "a whole number of 0 or more was expected");
  refused(file_with("{" + entry("F32", "[1.5]", "[0,8]") + "}", 8), "a whole number");
  refused(file_with("{" + entry("F32", "[99999999999999999999]", "[0,8]") + "}", 8), "at most 18 digits");
  refused(file_with("{" + entry("F32", "[999999999999,999999999999]", "[0,8]") + "}", 8),
          "too many elements");
  refused(file_with("{" + entry("F32", "[1,1,1,1,1,1,1]", "[0,4]") + "}", 4), "at most 6 numbers");
  refused(file_with("{" + entry("F32", "[1]", "[0,4,8]") + "}", 8), "at most 2 numbers");
  refused(file_with(R"({"a":{"dtype":"F32","shape":[1]}})", 4), "no data_offsets");
  refused(file_with(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4), "names no dtype");
  refused(file_with(R"({"a":{"dtype":"F32","other":1}})", 4), "the field 'other'");
  refused(file_with(R"({"__metadata__":{"a":1}})", 0), "text in quotes");
  refused(file_with(R"({"__metadata__":{"a":"1","a":"2"}})", 0), "the key 'a' is there twice");
  refused(file_with(R"({"__metadata__":{"a":"1"},"__metadata__":{"a":"2"}})", 0),
          "the key 'a' is there twice");
  refused(file_with(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4), "it has no shape");
  refused(file_with(R"({"a":{"dtype":"F64","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4),
          "its field 'dtype' is there twice");
  refused(file_with("{" + entry("F32", "[1]", "[0,4]") + "," + entry("F32", "[1]", "[4,8]") + "}", 8),
          "named twice");
  refused(file_with("{" + entry("F32", "[2]", "[0,8]") + "," + entry("F32", "[1]", "[4,8]", "b") + "}", 8),
          "overlaps");
  refused(file_with("{" + entry("F32", "[1]", "[0,4]") + "," + entry("F32", "[1]", "[0,4]", "b") + "}", 4),
          "those of another tensor");
  refused(file_with("{" + entry("F32", "[1]", "[4,8]") + "}", 8), "4 unused bytes");
  refused(file_with("{" + entry("F32", "[1]", "[0,4]") + "}", 8), "take 4 of the 8 bytes");
}

TEST_CASE("5,000 mutated files give an error or a load, never more") {
  const TemporaryFolder folder;
  const auto path = folder.path / "x.safetensors";
  models::Srcnn<float, Cpu> net({.n1 = 2, .n2 = 2});
  save(path, net, {{"model", "srcnn"}});
  const std::string whole = read_file("test", path);
  Rng rng(1);
  int loaded = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = whole;
    for (Index k = rng.below(4) + 1; k > 0; --k) {
      const std::size_t head = std::min<std::size_t>(bytes.size(), 700),
                        at = std::size_t(rng.below(Index(head)));
      switch (rng.below(4)) {
        case 0:
          bytes[at] = char(rng.below(256));
          break;
        case 1:
          bytes.erase(at, std::size_t(rng.below(9)));
          break;
        case 2:
          bytes.insert(at, bytes.substr(std::size_t(rng.below(Index(head))), std::size_t(rng.below(20))));
          break;
        default:
          bytes.resize(std::size_t(rng.below(Index(bytes.size())) + 1));
      }
    }
    write_file("test", path, bytes);
    if (error_of([&] { read_safetensors(path); }) == "no error") ++loaded;
  }
  CHECK(loaded < 5000);
}

TEST_CASE(
    "weights go out in PyTorch's layout and come back; another network is refused before anything changes") {
  const TemporaryFolder folder;
  const auto path = folder.path / "w.safetensors";
  models::Srcnn<float, Cpu> net({.f2 = 3, .n1 = 4, .n2 = 2, .channels = 3}),
      same({.f2 = 3, .n1 = 4, .n2 = 2, .channels = 3});
  save(path, net, {{"model", "srcnn"}});
  const SafeTensors file = read_safetensors(path);
  CHECK(file.tensors.at("conv1.weight").shape == Shape{4, 3, 9, 9});
  CHECK(file.tensors.at("conv1.weight").values<float>()[9 * 9 * 2 + 9 * 4 + 1] ==
        net.conv1.weight.value().to_host()[(4 * 9 + 1) * 3 + 2]);
  CHECK(load(path, same).at("model") == "srcnn");
  CHECK(same.conv2.weight.value().to_host() == net.conv2.weight.value().to_host());

  models::Srcnn<float, Cpu> other({.f2 = 1, .n1 = 4, .n2 = 2, .channels = 3});
  const auto before = other.conv1.weight.value().to_host();
  CHECK_ERROR(load(path, other),
              "are not those of this network:\n  conv2.weight is (2, 4, 3, 3) in the file, (2, 4, 1, 1) in "
              "the network");
  CHECK(other.conv1.weight.value().to_host() == before);
  SafeTensors more = file;
  more.tensors["extra"] = HostTensor::of<float>({1}, {0});
  write_safetensors(path, more);
  CHECK_ERROR(load(path, same), "extra (1,) is not in the network");
  more.tensors.erase("extra");
  more.tensors.erase("conv3.bias");
  write_safetensors(path, more);
  CHECK_ERROR(load(path, same), "conv3.bias (3,) is not in the file");
  CHECK_ERROR(load(folder.path / "none", same), "there is no file");
}

TEST_CASE("a file is whole or not there") {
  const TemporaryFolder folder;
  models::Srcnn<float, Cpu> net({.n1 = 2, .n2 = 2});
  CHECK_ERROR(save(folder.path / "no" / "x.safetensors", net), "cannot be written");
  CHECK_ERROR(save(folder.path, net), "is a folder");
}
