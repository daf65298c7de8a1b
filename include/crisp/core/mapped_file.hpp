// MappedFile: the bytes of a file as memory that is read from the disk where it is looked at, and that all
// processes share.
#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

namespace crisp {

class MappedFile {
 public:
  /// The file as it is now; nullptr where there is none, or it cannot be read. The bytes stay when another
  /// file gets its name, or it is removed.
  static std::shared_ptr<const MappedFile> open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return nullptr;
    std::shared_ptr<const MappedFile> mapped = of(file);
    ::close(file);
    return mapped;
  }

  /// The same of an open file, which stays open.
  static std::shared_ptr<const MappedFile> of(int file) {
    struct stat found = {};
    if (fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) return nullptr;
    const std::size_t size = std::size_t(found.st_size);
    void* const begin = size > 0 ? mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0) : nullptr;
    if (begin == MAP_FAILED) return nullptr;
    return std::shared_ptr<const MappedFile>(new MappedFile(static_cast<const char*>(begin), size));
  }

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    if (begin_) munmap(const_cast<char*>(begin_), size_);
  }

  std::string_view bytes() const { return {begin_, size_}; }

 private:
  MappedFile(const char* begin, std::size_t size) : begin_(begin), size_(size) {}
  const char* begin_;
  std::size_t size_;
};

}  // namespace crisp
