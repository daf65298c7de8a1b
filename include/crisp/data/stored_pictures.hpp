// Pictures of files: of a cache file, and decoded anew at each use where there is no place for one.
#pragma once
#include <atomic>
#include <mutex>
#include <optional>

#include "crisp/data/cache_file.hpp"
#include "crisp/data/picture_file.hpp"

namespace crisp::data::detail {

/// The pictures of a cache file, which is complete. Each is compared with its checksum when it is first used;
/// one that was damaged is taken from its own file.
class CachedPictures : public Pictures {
 public:
  struct Entry {
    PictureFile file;
    PictureInfo info;
    std::size_t at;  // its record
  };

  CachedPictures(std::filesystem::path path, std::shared_ptr<const MappedFile> cache,
                 std::vector<Entry> entries, Tell tell)
      : Pictures(std::move(tell)),
        path_(std::move(path)),
        cache_(std::move(cache)),
        entries_(std::move(entries)),
        seen_(std::make_unique<Seen[]>(entries_.size())) {}

  Index count() const override { return Index(entries_.size()); }
  const PictureInfo& info(Index i) const override { return entries_[std::size_t(i)].info; }
  using Pictures::read;
  Image read(Index i, const Region& r) const override {
    const Entry& entry = entries_[std::size_t(i)];
    Seen& seen = seen_[std::size_t(i)];
    std::call_once(seen.once, [&] { look_at(entry, seen); });
    const std::string_view cached = samples_at(cache_->bytes(), entry.at);
    const unsigned char* const bytes =
        seen.from_file ? seen.from_file->data() : reinterpret_cast<const unsigned char*>(cached.data());
    return region_of(entry.info, bytes, r);
  }

 private:
  struct Seen {
    std::once_flag once;
    std::optional<std::vector<unsigned char>> from_file;
  };

  // The cache goes, so that the next run makes it anew; what is mapped stays until this one ends.
  void look_at(const Entry& entry, Seen& seen) const {
    const std::string_view cached = samples_at(cache_->bytes(), entry.at);
    if (samples_are_whole(record_at(cache_->bytes(), entry.at), cached)) return;
    Samples samples = decoded(entry.file);
    check(samples.bytes.size() == entry.info.bytes(), "load_image: '", entry.file.path.string(),
          "' was changed while it is in use\n  hint: begin the work anew");
    seen.from_file = std::move(samples.bytes);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
    tell(str("the cache '", path_.string(), "' is damaged at ", entry.info.name,
             ", which is read from its file; the next run makes the cache anew"));
  }

  std::filesystem::path path_;
  std::shared_ptr<const MappedFile> cache_;
  std::vector<Entry> entries_;
  std::unique_ptr<Seen[]> seen_;
};

/// Pictures that are decoded whenever they are used, but for those that so many bytes of memory hold.
class PicturesOnDemand : public Pictures {
 public:
  PicturesOnDemand(std::vector<PictureFile> files, std::vector<PictureInfo> infos, Index memory, Tell tell)
      : Pictures(std::move(tell)),
        files_(std::move(files)),
        infos_(std::move(infos)),
        memory_for_all_(memory),
        memory_(memory),
        kept_(infos_.size()) {}

  Index count() const override { return Index(infos_.size()); }
  const PictureInfo& info(Index i) const override { return infos_[std::size_t(i)]; }
  using Pictures::read;
  Image read(Index i, const Region& r) const override {
    const PictureInfo& info = infos_[std::size_t(i)];
    const std::shared_ptr<const Samples> samples = samples_of(std::size_t(i));
    return region_of(info, samples->bytes.data(), r);
  }
  Index memory() const override { return memory_for_all_; }

 private:
  std::shared_ptr<const Samples> samples_of(std::size_t i) const {
    {
      const std::lock_guard lock(mutex_);
      if (kept_[i]) return kept_[i];
    }
    const auto samples = std::make_shared<const Samples>(decoded(files_[i]));
    check(samples->bytes.size() == infos_[i].bytes(), "load_image: '", files_[i].path.string(),
          "' was changed while it is in use\n  hint: begin the work anew");
    const std::lock_guard lock(mutex_);
    const Index bytes = Index(samples->bytes.size());
    if (!kept_[i] && bytes <= memory_) {
      kept_[i] = samples;
      memory_ -= bytes;
    }
    return samples;
  }

  std::vector<PictureFile> files_;
  std::vector<PictureInfo> infos_;
  const Index memory_for_all_;
  mutable std::mutex mutex_;
  mutable Index memory_;  // that is left
  mutable std::vector<std::shared_ptr<const Samples>> kept_;
};

}  // namespace crisp::data::detail
