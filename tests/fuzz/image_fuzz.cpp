// Any bytes as a picture: by the core's readers and by the libraries'. It ends with an image or an Error.
#include "crisp/data/image_io.hpp"
#include "crisp/data/image_libraries.hpp"

using namespace crisp;

static void decode(const std::string& bytes) {
  try {
    const data::Picture p = data::decode_picture(bytes, "fuzz");
    if (std::ssize(p.image.samples) != p.image.height * p.image.width * p.image.channels) __builtin_trap();
  } catch (const Error&) {
  }
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace data::formats;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  data::image_readers() = {png_reader(), jpeg_reader(), bmp_reader()};
  decode(bytes);
  data::use_image_libraries();
  decode(bytes);
  return 0;
}

extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t limit);

// Mutations of a PNG would all end at its checksums: so these are made right again.
extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t limit,
                                               unsigned) {
  using namespace data::formats;
  size = LLVMFuzzerMutate(data, size, limit);
  const std::string_view all(reinterpret_cast<char*>(data), size);
  if (!all.starts_with(png_signature)) return size;
  const Bytes file{all};
  for (std::size_t at = png_signature.size(); file.has(at, 12) && file.has(at + 12, file.u32(at));) {
    const std::size_t end = at + 8 + file.u32(at);
    const std::string right = big_endian(crc32(file.part(at + 4, end - at - 4).all), 4);
    std::copy(right.begin(), right.end(), data + end);
    at = end + 4;
  }
  return size;
}
