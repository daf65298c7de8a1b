// What is no weights file is called what it is, before anything else is said of it.
#include "crisp/io/no_weights.hpp"

#include "crisp/zoo/weights_file.hpp"
#include "io/pickles.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using namespace crisp::test::pickles;
using namespace std::string_literals;

namespace {

std::string opened(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file("test", folder.path / "w.pth", bytes);
  return error_of([&] { zoo::open_weights(folder.path / "w.pth"); });
}

std::string header(std::uint64_t length, const std::string& rest) { return little(length, 8) + rest; }

}  // namespace

TEST_CASE("file kinds: each is named, with what to do about it") {
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n", "a pointer of git-lfs"},
      {"<!DOCTYPE html><html>", "a web page (HTML)"},
      {"\xef\xbb\xbf\r\n <HTML lang=en>", "a web page (HTML)"},
      {"<?xml version='1.0'?><Error>AccessDenied</Error>", "a text in XML"},
      {"{\"message\": \"Not Found\"}", "a text in JSON"},
      {"[1, 2, 3]", "a text in JSON"},
      {"404: Not Found", "a text that begins with '404: Not Found'"},
      {"a", "a text that begins with 'a'"},
      {"GIVE ME WEBP", "a text that begins with 'GIVE ME WEBP'"},
      {"7767517\n75 83\n", "a parameter file of ncnn"},
      {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s, "a PNG image"},
      {"\xff\xd8\xff\xe0\0\x10JFIF"s, "a JPEG image"},
      {"BM\x9a\0\0\0\0\0\0\0\x36\0\0\0"s, "a BMP image"},
      {"RIFF\x24\0\0\0WEBPVP8 "s, "a WebP image"},
      {"II*\0\x08\0\0\0\0\0"s, "a TIFF image"},
      {"\0\0\0\x18"
       "ftypavif"s,
       "an AVIF image"},
      {"P6\n1 1\n255\n", "a PNM image"},
      {"<?xml version='1.0'?><svg>", "an SVG drawing"},
      {"GGUF\3\0\0\0\0\0\0\0"s, "a GGUF file"},
      {"\x89HDF\r\n\x1a\n\0\0\0\0"s, "an HDF5 file"},
      {"\x93NUMPY\1\0v\0"s, "an array of NumPy"},
      {"\x08\x07\x12\x07pytorch\x1a\x03"s, "an ONNX model"},
      {"\x08\x08:\xff\x01\n"s, "an ONNX model"},
      {"\x1c\0\0\0TFL3\0\0"s, "a TensorFlow Lite model"},
      {"\x1f\x8b\x08\0\0"s, "compressed by gzip"},
      {std::string(257, '\0') + "ustar\0"s, "a tar archive"},
      {"PK\5\6"s + std::string(18, '\0'), "an empty zip archive"}};
  for (const auto& kind : kinds) {
    const std::string &bytes = kind.first, &what = kind.second;
    CAPTURE(what);
    const std::string message = opened(bytes);
    CHECK(contains(message, "w.pth' is no weights file: it is " + what));
    CHECK(contains(message, "\n  hint: "));
  }
}

TEST_CASE("file kinds: archives and pickles that are not of torch.save") {
  const std::vector<std::pair<std::string, std::string>> archives{
      {"arr_0.npy", "a zip archive of NumPy's arrays (.npz)"},
      {"model.weights.h5", "a zip archive of Keras (.keras)"},
      {"[Content_Types].xml", "a zip archive of an office program"},
      {"models/net.pth", "a zip archive with 'models/net.pth' in it"},
      {"readme.txt", "a zip archive of other files ('readme.txt', ...)"}};
  for (const auto& [entry, what] : archives)
    CHECK(contains(opened(zipped({{entry, "x"}})), "it is " + what + ", not one of torch.save\n  hint: "));
  CHECK(contains(opened(zipped({{"a/data.pkl", "."}, {"a/constants.pkl", "x"}})), "a TorchScript program"));
  for (const char* protocol : {"\2", "\3", "\4", "\5"})
    CHECK(contains(opened(std::string("\x80") + protocol + "]."), "a pickle, but not one of torch.save"));
}

TEST_CASE("file kinds: a safetensors file that is cut short says so, and one that claims too much") {
  CHECK(contains(opened(header(2000, "{\"a\":")), "its header should have 2000 bytes, but only 5 follow"));
  CHECK(contains(opened(header(std::uint64_t(1) << 31, "{")), "its header should have 2147483648 bytes"));
  CHECK(contains(opened(header(0x4d42, "{\"a\"")), "its header should have 19778 bytes"));  // no BMP
  CHECK(contains(opened(std::string(9, '\1')), "its header should have"));  // of no known kind
  CHECK(contains(opened(std::string(8, '\xff')), "but only 0 follow"));     // not a text
  CHECK(contains(opened(std::string(9, '\xa9')), "its header should have"));
  std::string accents;  // cut within a character, in the message
  for (int i = 0; i < 40; ++i) accents += "\xe2\x82\xac";
  CHECK(contains(opened(accents), "a text that begins with '" + accents.substr(0, 39) + "'"));
  CHECK(contains(opened(std::string(3, '\1')), "fewer than the 8"));
  CHECK(contains(opened(header(2, "{}")), "it holds no tensors"));
  CHECK(contains(opened(""), "is empty (0 bytes)"));
}
