// See data_check.hpp.
#include "data_check.hpp"

#include <iostream>
#include <mutex>

#include "crisp/core/parallel.hpp"
#include "crisp/data/likeness.hpp"
#include "crisp/data/pairs.hpp"
#include "crisp/report/progress_bar.hpp"
#include "lr_files.hpp"
#include "picture.hpp"

namespace crisp::program {

// A picture that was read.
struct FolderCheck::Seen {
  fs::path file, folder;
  data::PictureInfo info;
  data::Sketch sketch;
};

FolderCheck::FolderCheck(bool quiet) : quiet_(quiet) {}
FolderCheck::~FolderCheck() = default;

namespace {

// "RGB 8 bits: 90, gray 8 bits: 1".
std::string kinds_of(const std::map<std::string, Index>& kinds) {
  std::string text;
  for (const auto& [kind, count] : kinds) text += str(text.empty() ? "" : ", ", kind, ": ", count);
  return text;
}

}  // namespace

void FolderCheck::read(const fs::path& folder) {
  const std::vector<fs::path> files = images_in("check", folder);
  report::ProgressBar bar(quiet_);
  std::vector<std::unique_ptr<Seen>> found(files.size());
  std::vector<std::string> faults(files.size());
  std::map<std::string, Index> kinds;
  std::mutex mutex;
  std::size_t done = 0;
  parallel_for(Index(files.size()), true, [&](Index k) {
    const std::size_t i = std::size_t(k);
    try {
      const data::Picture picture = data::load_picture(files[i]);
      const data::Samples samples = data::kept_samples(picture.image);
      const data::PictureInfo info{
          files[i].filename().string(), samples.height, samples.width, samples.channels, picture.bits,
          data::checksum(samples)};
      found[i] = std::make_unique<Seen>(
          Seen{files[i], folder, info, data::sketch_of(data::without_alpha(picture.image))});
      const std::lock_guard lock(mutex);
      const data::Image& x = picture.image;
      static constexpr const char* names[] = {"empty", "gray", "gray with alpha", "RGB", "RGB with alpha"};
      ++kinds[str(names[x.channels], ", ", picture.bits, " bits")];
    } catch (const std::exception& e) {  // each is told below; none ends the check
      faults[i] = e.what();
    }
    const std::lock_guard lock(mutex);
    ++done;
    if (bar.due()) bar.update(double(done) / double(files.size()), "reading '" + folder.string() + "'  ", 0);
  });
  Index least_height = 0, least_width = 0, most_height = 0, most_width = 0;
  double pixels = 0;
  for (std::unique_ptr<Seen>& seen : found) {
    if (!seen) continue;
    const data::PictureInfo& x = seen->info;
    if (pixels == 0) least_height = x.height, least_width = x.width;
    least_height = std::min(least_height, x.height);
    least_width = std::min(least_width, x.width);
    most_height = std::max(most_height, x.height);
    most_width = std::max(most_width, x.width);
    pixels += double(x.height) * double(x.width);
    seen_.push_back(std::move(*seen));
  }
  if (!quiet_) bar.line(folder.string());
  std::cout << "  " << files.size() << " pictures, " << fixed(pixels / 1e6, 1) << " megapixels; from "
            << least_height << " x " << least_width << " to " << most_height << " x " << most_width
            << " (heights and widths); " << kinds_of(kinds) << "\n";
  for (const std::string& fault : faults)
    if (!fault.empty()) std::cout << "  damaged: " << fault << "\n", ++damaged_;
  std::cout.flush();
  tell_left_out(folder);
}

void FolderCheck::compare_pairs(const fs::path& lr, const fs::path& hr, Index scale) {
  lr_ = lr;
  hr_ = hr;
  std::map<fs::path, const Seen*> by_file;
  for (const Seen& seen : seen_) by_file[seen.file] = &seen;
  const LrFolder files(lr);
  for (const fs::path& file : images_in("--hr", hr)) {
    try {
      if (!by_file.contains(file)) continue;  // damaged, and told
      const data::PictureInfo& large = by_file[file]->info;
      const fs::path found = files.of(file, scale);
      if (!by_file.contains(found)) continue;
      const data::PictureInfo& small = by_file[found]->info;
      if (large.height == small.height * scale && large.width == small.width * scale) continue;
      std::cout << "  unequal pair: " << file.string() << " has " << large.height << " x " << large.width
                << " pixels, " << found.string() << " " << small.height << " x " << small.width << "; x"
                << scale << " was expected\n";
    } catch (const Error& e) {
      std::cout << "  " << e.what() << "\n";
    }
    ++unequal_;
  }
}

void FolderCheck::find_doubles() {
  for (std::size_t i = 0; i < seen_.size(); ++i)
    for (std::size_t k = i + 1; k < seen_.size(); ++k) {
      const Seen &a = seen_[i], &b = seen_[k];
      const bool pair = (a.folder == lr_ && b.folder == hr_) || (a.folder == hr_ && b.folder == lr_);
      if (pair) continue;
      const bool exact = a.info.checksum == b.info.checksum;
      const double alike = exact ? 1 : data::likeness(a.sketch, b.sketch);
      if (alike < data::same_picture) continue;
      const bool leak = a.folder != b.folder;
      std::cout << (leak ? "  in two folders: " : "  twice: ") << a.file.string() << " and "
                << b.file.string() << (exact ? ", equal to the bit" : str(", alike to ", fixed(alike, 4)))
                << "\n";
      leaks_ += leak;
    }
}

void FolderCheck::conclude() const {
  if (damaged_ + unequal_ + leaks_ == 0) {
    std::cout << seen_.size() << " pictures are in order: none is damaged, and none lies in two folders\n";
    return;
  }
  std::cout.flush();
  throw Error(str("data: of ", Index(seen_.size()) + damaged_, " pictures ", damaged_, " are damaged, ",
                  leaks_, " lie in two folders, and ", unequal_, " pairs do not fit"));
}

}  // namespace crisp::program
