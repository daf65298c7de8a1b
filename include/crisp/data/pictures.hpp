// Pictures: a set of decoded pictures, in memory, in a file or elsewhere, of which regions are read. A data
// set cuts its patches from them.
#pragma once
#include <iostream>
#include <memory>

#include "crisp/data/resize.hpp"
#include "crisp/data/samples.hpp"

namespace crisp::data {

/// What is known of a picture without reading it.
struct PictureInfo {
  std::string name;  // for messages
  Index height = 0, width = 0, channels = 0;
  int bits = 8;                // of a sample, see Samples
  std::uint64_t checksum = 0;  // see checksum(Samples)

  std::size_t bytes() const { return std::size_t(height * width * channels * (bits / 8)); }
};

/// What a person should know of a set, a sentence each: to standard error, unless it is told otherwise.
using Tell = std::function<void(const std::string& sentence)>;
inline void tell_on_standard_error(const std::string& sentence) {
  std::cerr << str("crisp: warning: ", sentence, "\n");  // at once, also of several threads
}

/// A set of pictures. They have alpha only where it hides colours, see kept_samples.
class Pictures {
 public:
  explicit Pictures(Tell tell = tell_on_standard_error) : tell_(std::move(tell)) {}
  virtual ~Pictures() = default;
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  virtual Index count() const = 0;
  virtual const PictureInfo& info(Index i) const = 0;

  /// A region of picture i, which must lie within: (r.height, r.width, C) in 0..255. Several threads may call
  /// it at one time. Throws Error where the picture cannot be read any more.
  virtual Image read(Index i, const Region& r) const = 0;
  Image read(Index i) const { return read(i, {0, 0, info(i).height, info(i).width}); }

  /// The bytes of samples that are kept in memory.
  virtual Index memory() const { return 0; }

  void tell(const std::string& sentence) const { tell_(sentence); }

 private:
  Tell tell_;
};

namespace detail {

// n samples as an Image has them.
inline void widen(const unsigned char* from, std::size_t n, int bits, float* to) {
  if (bits == 8)
    for (std::size_t i = 0; i < n; ++i) to[i] = float(from[i]);
  if (bits == 32) std::memcpy(to, from, n * sizeof(float));
  if (bits != 16) return;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint16_t sample = 0;
    std::memcpy(&sample, from + 2 * i, 2);
    to[i] = float(sample) / 257.0f;
  }
}

// A region of the picture whose samples lie at `bytes`.
inline Image region_of(const PictureInfo& x, const unsigned char* bytes, const Region& r) {
  Image image(r.height, r.width, x.channels);
  const std::size_t row = std::size_t(r.width * x.channels);
  for (Index i = 0; i < r.height; ++i) {
    const Index first = ((r.top + i) * x.width + r.left) * x.channels;
    widen(bytes + first * (x.bits / 8), row, x.bits, &image.samples[std::size_t(i) * row]);
  }
  return image;
}

inline PictureInfo info_of(const std::string& name, const Samples& s) {
  return {name, s.height, s.width, s.channels, s.bits, checksum(s)};
}

}  // namespace detail

/// Pictures in memory, in as few bytes as hold them.
class PicturesInMemory : public Pictures {
 public:
  struct One {
    PictureInfo info;
    std::vector<unsigned char> bytes;
  };
  explicit PicturesInMemory(std::vector<One> all, Tell tell = tell_on_standard_error)
      : Pictures(std::move(tell)), all_(std::move(all)) {}

  Index count() const override { return Index(all_.size()); }
  const PictureInfo& info(Index i) const override { return all_[std::size_t(i)].info; }
  using Pictures::read;
  Image read(Index i, const Region& r) const override {
    const One& one = all_[std::size_t(i)];
    return detail::region_of(one.info, one.bytes.data(), r);
  }
  Index memory() const override {
    Index sum = 0;
    for (const One& one : all_) sum += Index(one.bytes.size());
    return sum;
  }

 private:
  std::vector<One> all_;
};

/// A picture to be kept in memory.
inline PicturesInMemory::One in_memory(const std::string& name, Samples samples) {
  const PictureInfo info = detail::info_of(name, samples);
  return {info, std::move(samples.bytes)};
}

/// Images as a set, in their order.
inline std::shared_ptr<const Pictures> in_memory(const std::vector<Image>& images) {
  std::vector<PicturesInMemory::One> all;
  for (const Image& image : images)
    all.push_back(in_memory(str("image ", all.size() + 1), kept_samples(image)));
  return std::make_shared<PicturesInMemory>(std::move(all));
}

/// One picture in memory, as a set.
inline std::shared_ptr<const Pictures> one_picture(const Image& image, const std::string& name = "") {
  std::vector<PicturesInMemory::One> one;
  one.push_back(in_memory(name, kept_samples(image)));
  return std::make_shared<PicturesInMemory>(std::move(one));
}

}  // namespace crisp::data
