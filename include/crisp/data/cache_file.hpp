// The cache file: the samples of decoded pictures, each after a record that says what it is.
//
//   head      "crisppic", version, order of bytes
//   record    mark, key, height, width, channels, bits, bytes, checksums of the samples and of the record
//   samples   as Samples has them, up to a multiple of 8 bytes
//   record    ...
//
// It is only ever appended to: so what was written before an interruption is of use, wherever that struck.
#pragma once
#include <cerrno>
#include <unordered_map>

#include "crisp/core/mapped_file.hpp"
#include "crisp/core/rounding.hpp"
#include "crisp/data/pictures.hpp"

namespace crisp::data::detail {

struct CacheHead {
  char sign[8] = {'c', 'r', 'i', 's', 'p', 'p', 'i', 'c'};
  std::uint32_t version = 1, order = 0x01020304;
};

struct CacheRecord {
  static constexpr std::uint64_t known_mark = 0x3a65727574636970;  // "picture:"
  std::uint64_t mark = known_mark;
  std::uint64_t key = 0;  // of the picture's file and of what decoded it
  std::int64_t height = 0, width = 0, channels = 0, bits = 0;
  std::uint64_t bytes = 0, checksum = 0;
  std::uint64_t own = 0;  // the checksum of all before

  std::uint64_t sum() const {
    return data::checksum({reinterpret_cast<const char*>(this), sizeof *this - sizeof own});
  }
  PictureInfo info(const std::string& name) const {
    return {name, height, width, channels, int(bits), checksum};
  }
  // Whether the numbers fit together; the checksum says that they were meant.
  bool is_sound() const {
    const double pixels = double(height) * double(width);
    const bool sizes =
        height >= 1 && width >= 1 && pixels <= double(1 << 28) && channels >= 1 && channels <= 4;
    const bool kind = bits == 8 || bits == 16 || bits == 32;
    return mark == known_mark && own == sum() && sizes && kind &&
           pixels * double(channels) * double(bits / 8) == double(bytes);
  }
  std::size_t size() const { return sizeof *this + round_up(std::size_t(bytes), std::size_t(8)); }
};

/// What lies in a cache file: where the record of each key is, and where the last whole one ends.
struct CacheContents {
  std::unordered_map<std::uint64_t, std::size_t> records;
  std::size_t end = 0;
  std::string fault;  // what is wrong after that: "is cut short"; empty for a file that is whole, or empty
};

inline CacheRecord record_at(std::string_view bytes, std::size_t at) {
  CacheRecord record;
  std::memcpy(&record, bytes.data() + at, sizeof record);
  return record;
}

/// Reads the records; samples are looked at when they are used.
inline CacheContents contents_of(std::string_view bytes) {
  CacheContents found;
  if (bytes.empty()) return found;
  CacheHead head, right;
  if (bytes.size() < sizeof head) return found.fault = "is cut short", found;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (std::memcmp(head.sign, right.sign, sizeof head.sign) != 0) return found.fault = "is damaged", found;
  if (head.version != right.version || head.order != right.order)
    return found.fault = "is of another version of crisp", found;
  found.end = sizeof head;
  while (found.end < bytes.size()) {
    const std::size_t left = bytes.size() - found.end;
    if (left < sizeof(CacheRecord)) return found.fault = "is cut short", found;
    const CacheRecord record = record_at(bytes, found.end);
    if (!record.is_sound()) return found.fault = "is damaged", found;
    if (record.size() > left) return found.fault = "is cut short", found;
    found.records[record.key] = found.end;
    found.end += record.size();
  }
  return found;
}

/// The samples after the record at `at`.
inline std::string_view samples_at(std::string_view bytes, std::size_t at) {
  return bytes.substr(at + sizeof(CacheRecord), record_at(bytes, at).bytes);
}

/// Whether the samples after a record are those that were written.
inline bool samples_are_whole(const CacheRecord& record, std::string_view samples) {
  return checksum(Samples{record.height, record.width, record.channels, int(record.bits)}, samples) ==
         record.checksum;
}

/// Appends to a cache file that is open for writing, after its first `end` bytes; what lies behind is cut
/// off. The file stays the caller's. Functions return 0, or the error as errno tells it.
class CacheWriter {
 public:
  CacheWriter(int file, std::size_t end) : file_(file), end_(end) {}

  int begin() {
    if (ftruncate(file_, off_t(end_)) != 0) return errno;
    if (end_ > 0) return 0;
    const CacheHead head;
    const int error = write({reinterpret_cast<const char*>(&head), sizeof head}, 0);
    if (error == 0) end_ = sizeof head;
    return error;
  }

  int append(std::uint64_t key, const PictureInfo& x, std::string_view samples) {
    CacheRecord record{.key = key,
                       .height = x.height,
                       .width = x.width,
                       .channels = x.channels,
                       .bits = x.bits,
                       .bytes = samples.size(),
                       .checksum = x.checksum};
    record.own = record.sum();
    int error = write({reinterpret_cast<const char*>(&record), sizeof record}, end_);
    if (error == 0) error = write(samples, end_ + sizeof record);
    if (error == 0 && ftruncate(file_, off_t(end_ + record.size())) != 0) error = errno;  // up to 8 bytes
    if (error == 0) end_ += record.size();
    return error;
  }

  std::size_t size() const { return end_; }

 private:
  int write(std::string_view bytes, std::size_t at) {
    while (!bytes.empty()) {
      const ssize_t done = pwrite(file_, bytes.data(), bytes.size(), off_t(at));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) return done < 0 ? errno : ENOSPC;
      bytes.remove_prefix(std::size_t(done));
      at += std::size_t(done);
    }
    return 0;
  }

  int file_;
  std::size_t end_;
};

}  // namespace crisp::data::detail
