// Makes a cache file: beside its name, by one process while others wait; what an earlier attempt, or an older
// cache, has of it is taken over.
#pragma once
#include <sys/file.h>

#include <exception>

#include "crisp/core/parallel.hpp"
#include "crisp/data/stored_pictures.hpp"

namespace crisp::data {

/// How far the decoding of a set is.
struct DecodingProgress {
  Index done = 0, count = 0;  // pictures
  double pixels = 0;          // of those that were decoded
};

namespace detail {

/// Calls f(i) for each i below count, in threads; then rethrows the first exception, after which nothing more
/// was begun.
template <class F>
void for_all(Index count, const F& f) {
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<bool> failed = false;
  parallel_for(count, true, [&](Index i) {
    if (failed) return;
    try {
      f(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      failed = true;
    }
  });
  if (failure) std::rethrow_exception(failure);
}

// The file of this name, open and locked by this process alone; it waits for another that has it.
class LockedFile {
 public:
  LockedFile(const std::string& path, const std::function<void()>& before_waiting) {
    for (bool told = false;;) {
      file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
      error_ = file_ < 0 ? errno : 0;
      if (file_ < 0) return;
      if (flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        if (!told) before_waiting();
        told = true;
        while (flock(file_, LOCK_EX) != 0 && errno == EINTR) {
        }
      }
      struct stat held = {}, named = {};  // who had it may have given it its final name
      if (fstat(file_, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino) return;
      close(file_);
    }
  }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  ~LockedFile() {
    if (file_ >= 0) close(file_);
  }
  int file() const { return file_; }
  int error() const { return error_; }  // where it cannot be opened

 private:
  int file_ = -1, error_ = 0;
};

class CacheBuild {
 public:
  CacheBuild(const std::vector<PictureFile>& files, std::filesystem::path path,
             const std::function<void(const DecodingProgress&)>& progress, const Tell& tell)
      : files_(files), path_(std::move(path)), progress_(progress), tell_(tell), infos_(files.size()) {}

  /// The pictures of the cache; nullptr where it cannot be written, which is told: then infos() are known.
  /// Throws Error for a picture that cannot be read; what is written until then will be of use.
  std::shared_ptr<const Pictures> run() {
    if (const auto whole = opened(true)) return whole;
    const std::string part = path_.string() + ".part";
    std::error_code error;
    std::filesystem::create_directories(path_.parent_path(), error);
    const LockedFile lock(part, [&] {
      tell_(str("another process writes the cache '", path_.string(), "'; this one waits for it"));
    });
    if (lock.error() != 0) return give_up(lock.error(), 0);
    if (const auto whole = opened(false)) {  // by the process that was waited for
      unlink(part.c_str());
      return whole;
    }
    const auto begun = MappedFile::of(lock.file()), older = MappedFile::open(path_.string());
    const CacheContents has = begun ? contents_of(begun->bytes()) : CacheContents();
    CacheWriter writer(lock.file(), has.end);
    int failed = writer.begin();
    if (failed == 0) failed = write(writer, has, begun, older);
    if (failed == 0 && std::rename(part.c_str(), path_.c_str()) != 0) failed = errno;
    if (failed == 0) return opened(true);
    unlink(part.c_str());
    return give_up(failed, writer.size());
  }

  /// What is known of the pictures after a cache could not be written.
  std::vector<PictureInfo> infos() {
    for_all(Index(files_.size()), [&](Index i) {
      if (infos_[std::size_t(i)].checksum != 0) return;
      const PictureFile& file = files_[std::size_t(i)];
      const PictureInfo info = info_of(file.name, decoded(file));
      count(i, info, true);
    });
    return infos_;
  }

 private:
  // The cache as it is, where it has all the pictures.
  std::shared_ptr<const Pictures> opened(bool says_why) const {
    const auto cache = MappedFile::open(path_.string());
    if (!cache) return nullptr;
    const CacheContents has = contents_of(cache->bytes());
    std::vector<CachedPictures::Entry> entries;
    for (const PictureFile& file : files_)
      if (const auto found = has.records.find(file.key); found != has.records.end())
        entries.push_back({file, record_at(cache->bytes(), found->second).info(file.name), found->second});
    if (entries.size() == files_.size())
      return std::make_shared<CachedPictures>(path_, cache, std::move(entries), tell_);
    if (says_why)
      tell_(str("the cache '", path_.string(), "' ",
                has.fault.empty() ? "is older than the pictures" : has.fault, ": ",
                files_.size() - entries.size(), " of ", files_.size(), " pictures are decoded again"));
    return nullptr;
  }

  // Appends what the file lacks: from the older cache, or from the pictures' own files.
  int write(CacheWriter& writer, const CacheContents& has, const std::shared_ptr<const MappedFile>& begun,
            const std::shared_ptr<const MappedFile>& older) {
    const CacheContents old = older ? contents_of(older->bytes()) : CacheContents();
    std::atomic<int> failed = 0;
    for_all(Index(files_.size()), [&](Index i) {
      if (failed != 0) return;
      const PictureFile& file = files_[std::size_t(i)];
      if (const auto found = has.records.find(file.key); found != has.records.end())
        return count(i, record_at(begun->bytes(), found->second).info(file.name), false);
      if (const auto found = old.records.find(file.key); found != old.records.end()) {
        const CacheRecord record = record_at(older->bytes(), found->second);
        const std::string_view samples = samples_at(older->bytes(), found->second);
        if (samples_are_whole(record, samples)) {
          append(writer, i, record.info(file.name), samples, failed);
          return count(i, record.info(file.name), false);
        }
      }
      const Samples samples = decoded(file);
      const PictureInfo info = info_of(file.name, samples);
      append(writer, i, info, {reinterpret_cast<const char*>(samples.bytes.data()), samples.bytes.size()},
             failed);
      count(i, info, true);
    });
    return failed;
  }

  void append(CacheWriter& writer, Index i, const PictureInfo& info, std::string_view samples,
              std::atomic<int>& failed) {
    const std::lock_guard lock(mutex_);
    if (failed == 0) failed = writer.append(files_[std::size_t(i)].key, info, samples);
  }

  void count(Index i, const PictureInfo& info, bool was_decoded) {
    const std::lock_guard lock(mutex_);
    infos_[std::size_t(i)] = info;
    ++state_.done;
    state_.count = Index(files_.size());
    if (was_decoded) state_.pixels += double(info.height) * double(info.width);
    if (progress_) progress_(state_);
  }

  std::shared_ptr<const Pictures> give_up(int error, std::size_t written) const {
    tell_(str("the cache '", path_.string(), "' cannot be written (", crisp::detail::words_of_error(error),
              ", after ", written >> 20,
              " MB): pictures are decoded at each use, which is slow\n  hint: give a "
              "folder on another disk by --cache, or more --data-memory"));
    return nullptr;
  }

  const std::vector<PictureFile>& files_;
  std::filesystem::path path_;
  const std::function<void(const DecodingProgress&)>& progress_;
  const Tell& tell_;
  std::vector<PictureInfo> infos_;
  std::mutex mutex_;
  DecodingProgress state_;
};

}  // namespace detail
}  // namespace crisp::data
